import { Switch, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWorklist } from '../api/queries.ts';
import { DayField } from '../ui/DayField.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import type { Correction } from './correction.ts';
import classes from './Correct.module.css';
import { WorklistChoices } from './WorklistChoices.tsx';

interface Props {
  stationId: string;
  large: boolean;
  onChoose: (correction: Correction) => void;
}

/** The room's worklist of today; of another day or of every room, where the patient was planned elsewhere. */
export function FromWorklist({ stationId, large, onChoose }: Props) {
  const { t } = useTranslation();
  const [everywhere, setEverywhere] = useState(false);
  const [day, setDay] = useState('');
  const [search, setSearch] = useState('');
  const [query] = useDebouncedValue(search.trim(), 250);
  const { data, error, refetch } = useWorklist(everywhere ? undefined : stationId, query, day);
  const size = large ? 'xl' : 'sm';
  return (
    <>
      <div className={classes.tools}>
        <TextInput
          size={size}
          label={t('correct.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-testid="correct-search"
        />
        <DayField large={large} label={t('correct.day')} value={day} onChange={setDay} />
        <Switch
          className={classes.everywhere ?? ''}
          size={large ? 'xl' : 'md'}
          label={t('correct.everywhere')}
          checked={everywhere}
          onChange={(event) => setEverywhere(event.currentTarget.checked)}
          data-testid="correct-everywhere"
        />
      </div>
      {data?.stale && (
        <p data-tone="warn" className={classes.error} role="status">
          {t('correct.stale')} {data.reason}
        </p>
      )}
      {data?.truncated && (
        <p data-tone="warn" className={classes.error} role="status">
          {t('worklist.cut')}
        </p>
      )}
      {data ? (
        data.items.length > 0 ? (
          <WorklistChoices items={data.items} large={large} onChoose={onChoose} />
        ) : (
          <Empty title={t('correct.empty')} />
        )
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </>
  );
}
