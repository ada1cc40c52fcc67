export default {
  optimizeDeps: { exclude: ['resshift-web'] },
  worker: { format: 'es' },
};
