import { useTranslation } from 'react-i18next';
import classes from './Keys.module.css';

/**
 * A bank card (ISO/IEC 7810 ID-1: 85.60 x 53.98 mm) as large as the panel draws it: everything that is touched is set in
 * millimetres, and the browser's own zoom makes them true.
 */
export function Ruler() {
  const { t } = useTranslation();
  return (
    <section className={classes.ruler} aria-labelledby="ruler-title" data-testid="ruler">
      <div className={classes.card} aria-hidden>
        <span>{t('ruler.card')}</span>
      </div>
      <div>
        <h2 id="ruler-title">{t('ruler.title')}</h2>
        <p className={classes.hint}>{t('ruler.hint')}</p>
      </div>
    </section>
  );
}
