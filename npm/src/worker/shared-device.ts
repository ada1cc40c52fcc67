/** The caller's GPUDevice as the engine sees it. Nothing that the engine does with it shows on the device itself. */

/** A device that the caller shares with the engine. */
export interface SharedDevice {
  device: GPUDevice;
  /** `GPU.requestAdapter` for the engine: it leads to this device. */
  requestAdapter: () => Promise<unknown>;
  /** Frees what the engine has made on the device. */
  release: () => void;
}

/** Calls whose errors the device reports later. */
const REPORTED = /^(create|submit|write)/;
const ERRORS = ['validation', 'out-of-memory', 'internal'] as const;

/** What a browser says if it hides the adapter's name. */
const NAMELESS = {
  vendor: '',
  architecture: '',
  device: '',
  description: '',
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
  isFallbackAdapter: false,
};

export function shareDevice(device: GPUDevice): SharedDevice {
  const buffers = new Set<WeakRef<GPUBuffer>>();
  const collected = new FinalizationRegistry<WeakRef<GPUBuffer>>((buffer) => buffers.delete(buffer));
  const info = device.adapterInfo ?? NAMELESS;

  /** Catches the errors of this call for the engine. The caller's own calls keep theirs. */
  const scoped = <T>(call: () => T): T => {
    for (const kind of ERRORS) device.pushErrorScope(kind);
    try {
      return call();
    } finally {
      for (const _ of ERRORS) {
        device.popErrorScope().then(
          (error) => error && own.onuncapturederror?.({ error }),
          () => undefined,
        );
      }
    }
  };
  const release = (): void => {
    own.onuncapturederror = null;
    for (const buffer of buffers) buffer.deref()?.destroy();
    buffers.clear();
  };
  /** What differs from the device. Properties that are set land here. */
  const own = {
    onuncapturederror: null as ((event: { error: GPUError }) => void) | null,
    adapterInfo: info,
    queue: inPlaceOf(device.queue, {}, scoped),
    destroy: release,
    createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
      const buffer = scoped(() => device.createBuffer(descriptor));
      const reference = new WeakRef(buffer);
      buffers.add(reference);
      collected.register(buffer, reference);
      return buffer;
    },
    createCommandEncoder(descriptor?: GPUCommandEncoderDescriptor): GPUCommandEncoder {
      const encoder = device.createCommandEncoder(descriptor);
      const finish = encoder.finish.bind(encoder);
      encoder.finish = (descriptor) => scoped(() => finish(descriptor));
      return encoder;
    },
  };
  const adapter = {
    info,
    limits: device.limits,
    features: device.features,
    // No request reaches the browser: the device is already there.
    requestDevice: () => Promise.resolve(inPlaceOf(device, own, scoped)),
  };
  return { device, requestAdapter: () => Promise.resolve(adapter), release };
}

/** `target`, with the properties of `own` in place of its own. */
function inPlaceOf<T extends object>(target: T, own: object, scoped: <R>(call: () => R) => R): T {
  return new Proxy(target, {
    get(_, name) {
      if (Reflect.has(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...given: unknown[]) => unknown;
      return REPORTED.test(String(name)) ? (...given: unknown[]) => scoped(() => call(...given)) : call;
    },
    set: (_, name, value) => Reflect.set(own, name, value),
  });
}
