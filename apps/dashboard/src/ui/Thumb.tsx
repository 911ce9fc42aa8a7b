import { IconMovie } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './Thumb.module.css';

/** A clip's poster, or a calm placeholder until there is one. Decorative: the text beside it names the clip. */
export function Thumb({ url }: { url: string | undefined }) {
  const [broken, setBroken] = useState<string>();
  return (
    <span className={classes.thumb}>
      {url !== undefined && url !== broken ? (
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setBroken(url)} />
      ) : (
        <IconMovie size={28} stroke={1.4} aria-hidden />
      )}
    </span>
  );
}
