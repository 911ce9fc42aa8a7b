import { useTranslation } from 'react-i18next';
import { hasText } from '../i18n/index.ts';
import classes from './ReasonText.module.css';

interface Props {
  code: string | undefined;
  /** The service's own words, in English, with the values that matter to whoever mends it. */
  reason: string | undefined;
}

/** Why something failed: a sentence in the language shown where the code is known, and beneath it what the service said. */
export function ReasonText({ code, reason }: Props) {
  const { t } = useTranslation();
  const key = keyOf(code);
  const said = [reason, code].filter((part) => part !== undefined && part !== '').join(' · ');
  if (!key) return <span lang="en">{said || '–'}</span>;
  return (
    <>
      {t(key)}
      <span className={classes.said} lang="en">
        {said}
      </span>
    </>
  );
}

type Key = 'reason.store-status';

/** `store-status-a701` and its like are one kind of failure: the status stands in the code. */
function keyOf(code: string | undefined): Key | undefined {
  const family = /^(store-status|commitment-status|commitment-refused)-[0-9a-f]{4}$/.exec(code ?? '')?.[1];
  const key = `reason.${family ?? code}` as Key;
  return code !== undefined && hasText(key) ? key : undefined;
}
