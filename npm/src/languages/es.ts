/** The errors' sentences in Spanish. */

import type { ErrorSentences } from '../index.d.ts';

const sentences: ErrorSentences = {
  'no-input': ['No hay ningún archivo que leer.', 'Elige primero una imagen.'],
  'not-an-image': ['Este archivo no es una imagen que se pueda leer.', 'Elige un archivo PNG, JPEG, WebP, GIF, BMP o TIFF.'],
  'bad-image': ['La imagen está dañada o incompleta.', 'Ábrela en otro programa y guárdala de nuevo, o elige otra copia.'],
  'unsupported-image': [
    'No se puede leer esta variante del formato.',
    'Guarda la imagen como PNG en un programa que la abra y elige ese archivo.',
  ],
  'image-too-large': ['La imagen es demasiado grande para ampliarla aquí.', 'Recórtala o redúcela antes.'],
  'out-of-memory': [
    'No hay memoria suficiente para esta imagen.',
    'Usa una copia más pequeña, o cierra otras pestañas y programas e inténtalo de nuevo.',
  ],
  'bad-option': ['Una opción está fuera de su rango.', 'Corrígela y empieza de nuevo.'],
  'bad-weights': ['No se pueden usar los pesos del modelo.', 'Comprueba que la carpeta del modelo está completa y es para esta versión.'],
  'bad-checkpoint': [
    'No se puede usar este archivo de modelo.',
    'Elige un modelo x4 publicado y su autocodificador, o descárgalos de nuevo de su origen.',
  ],
  'hash-mismatch': [
    'Un archivo no es el que indica el modelo.',
    'Recarga la página. Si el error continúa, la copia del servidor está dañada y su dueño debe reemplazarla.',
  ],
  http: ['El servidor no pudo entregar un archivo.', 'Inténtalo de nuevo más tarde.'],
  offline: ['No se pudo conectar para descargar un archivo.', 'Conéctate una vez a la red. Después, el modelo funciona sin conexión.'],
  'no-browser': [
    'Aquí no hay web workers: este paquete funciona en navegadores.',
    'Llámalo en el navegador, no al generar la página en un servidor.',
  ],
  'no-webgpu': ['WebGPU no está disponible.', 'Usa un navegador actual con aceleración por hardware, o la CPU.'],
  gpu: ['La GPU ha fallado.', 'Inténtalo de nuevo o usa la CPU.'],
  storage: [
    'El modelo no se pudo conservar para la próxima visita.',
    'Libera espacio en el disco o permite el almacenamiento a este sitio. Hasta entonces, cada visita descargará el modelo.',
  ],
  aborted: ['Cancelado.', 'Vuelve a empezar cuando quieras.'],
  disposed: ['Este ampliador ya se cerró.', 'Crea otro.'],
  blocked: ['El navegador no permitió cargar un archivo.', 'Quien publica esta página debe permitirlo; la consola del navegador dice más.'],
  internal: ['Error interno.', 'Comunícalo con el tamaño de la imagen y el nombre del navegador.'],
};

export default sentences;
