import { useEffect, useState } from 'react';
import { upscaler } from './upscaler.js';

export default function Upscale() {
  const [file, setFile] = useState();
  const [fraction, setFraction] = useState(0);
  const [address, setAddress] = useState();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    if (!file) return;
    const stop = new AbortController();
    let made;
    setAddress(undefined);
    setProblem('');
    const run = async () => {
      const { blob } = await (await upscaler(setFraction)).upscale(file, {
        signal: stop.signal,
        onProgress: ({ fraction }) => setFraction(fraction),
      });
      setAddress((made = URL.createObjectURL(blob)));
    };
    run().catch((error) => {
      if (error.name !== 'AbortError') setProblem(`${error.message} ${error.advice}`);
    });
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [file]);

  return (
    <>
      <input type="file" accept="image/*" aria-label="Picture" onChange={(event) => setFile(event.target.files[0])} />
      <progress max="1" value={fraction} aria-label="Upscaling" />
      <p role="alert">{problem}</p>
      {address && <img src={address} alt={`${file.name}, upscaled`} />}
    </>
  );
}
