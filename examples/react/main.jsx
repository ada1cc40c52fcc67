import { StrictMode, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import Upscale from './Upscale.jsx';

createRoot(document.getElementById('root')).render(createElement(StrictMode, null, createElement(Upscale)));
