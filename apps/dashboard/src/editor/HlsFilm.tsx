import Hls from 'hls.js';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Work.module.css';

/** A film in segments (HLS, RFC 8216), played where it lies. */
export function HlsFilm({ url, title }: { url: string; title: string }) {
  const { t } = useTranslation();
  const ref = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    if (!Hls.isSupported()) {
      // Safari plays it by itself
      video.src = url;
      return () => video.removeAttribute('src');
    }
    const hls = new Hls({ enableWorker: false });
    hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
      if (fatal) setFailed(details);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    return () => hls.destroy();
  }, [url]);
  return (
    <>
      <video
        ref={ref}
        className={classes.video}
        controls
        playsInline
        muted
        autoPlay
        aria-label={title}
        data-testid="export-video"
      />
      {failed !== undefined && (
        <p className={classes.failure} data-tone="bad" role="alert">
          {t('exports.playFailed')} <code>{failed}</code>
        </p>
      )}
    </>
  );
}
