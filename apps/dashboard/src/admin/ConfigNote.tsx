import type { ConfigFileView } from '@smartbox/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { configFilesOptions } from '../api/admin.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Admin.module.css';
import { configLooks } from './looks.ts';

/** Which files a page's settings stand in, whether they are in use, and what is wrong with them. */
export function ConfigNote({ area, path }: { area: ConfigFileView['area']; path?: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data } = useQuery(configFilesOptions);
  const files = data?.filter((file) => file.area === area && (path === undefined || file.path === path));
  if (!files) return null;
  if (files.length === 0) {
    return <p className={classes.files}>{t('config.none', { file: path ?? t(`config.file.${area}`) })}</p>;
  }
  return (
    <ul className={classes.files} data-testid="config-files">
      {files.map((file) => (
        <li key={file.path} data-state={file.state}>
          <code>config/{file.path}</code>
          <Badge look={configLooks[file.state]} text={t(`config.state.${file.state}`)} size="sm" />
          {file.modifiedAt !== undefined && (
            <span className={classes.soft}>
              {t('config.modified', { time: dayTime(file.modifiedAt, locale, new Date()) })}
            </span>
          )}
          {file.problem !== undefined && <p className={classes.problem}>{file.problem}</p>}
        </li>
      ))}
    </ul>
  );
}
