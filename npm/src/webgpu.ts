/**
 * CubeCL 0.11 panics where the adapter lacks `timestamp-query`, although it uses timestamps for profiling alone, which
 * never happens here. So inside this worker every adapter claims the feature, and requests for a device leave it out
 * where it was not true.
 */
export function claimTimestampQuery(): void {
  if (typeof GPUAdapter === 'undefined') return;
  const { prototype } = GPUAdapter;
  const features = Object.getOwnPropertyDescriptor(prototype, 'features')?.get;
  if (features === undefined) return;
  const { requestDevice } = prototype;
  const truly = (adapter: GPUAdapter): GPUSupportedFeatures => features.call(adapter);

  Object.defineProperty(prototype, 'features', {
    configurable: true,
    get(this: GPUAdapter) {
      return new Set([...truly(this), 'timestamp-query']);
    },
  });
  prototype.requestDevice = function (this: GPUAdapter, descriptor: GPUDeviceDescriptor = {}) {
    const wanted = [...(descriptor.requiredFeatures ?? [])];
    const given = wanted.filter((feature) => feature !== 'timestamp-query' || truly(this).has(feature));
    return requestDevice.call(this, { ...descriptor, requiredFeatures: given });
  };
}
