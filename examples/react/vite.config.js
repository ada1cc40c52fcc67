export default {
  optimizeDeps: { exclude: ['resshift-web'] },
};
