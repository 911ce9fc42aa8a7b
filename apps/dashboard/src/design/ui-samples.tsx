import { IconCircleFilled, IconKeyboard } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/errors.ts';
import { DayField } from '../ui/DayField.tsx';
import { FeedBanner, FeedLost } from '../ui/FeedBanner.tsx';
import { FilterDays, FilterSelect } from '../ui/Filters.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { ReasonText } from '../ui/ReasonText.tsx';
import { SearchField } from '../ui/SearchField.tsx';
import { Badge, ClipBadge, DeliveryBadge, StateBadge } from '../ui/StateBadge.tsx';
import { LanguageSwitch } from '../ui/Switches.tsx';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './Design.module.css';

const nothing = () => undefined;
export const tones = ['good', 'busy', 'warn', 'bad', 'rec', 'idle'] as const;
const sizes = ['sm', 'md', 'lg', 'xl'] as const;
/** As a camera might see it. */
const picture =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"%3E%3Crect width="16" height="9" fill="%23541a17"/%3E%3Ccircle cx="8" cy="4.5" r="3" fill="%23d98d84"/%3E%3C/svg%3E';

/** Every tone of a badge, and every kind of badge in every size. */
export function BadgeSamples() {
  const { t } = useTranslation();
  return (
    <>
      <div className={classes.row}>
        {tones.map((tone) => (
          <Badge key={tone} look={[tone, IconCircleFilled]} text={tone} />
        ))}
      </div>
      {sizes.map((size) => (
        <div key={size} className={classes.row}>
          <StateBadge state="live" size={size} />
          <ClipBadge state="archived" size={size} />
          <DeliveryBadge state="deferred" size={size} />
          <Badge look={['idle', IconKeyboard]} text={t('keys.none')} size={size} />
        </div>
      ))}
    </>
  );
}

/** Filters of a list: for everything, and narrowed. */
export function FilterSamples() {
  const { t } = useTranslation();
  const [days, setDays] = useState({ from: '', to: '2026-11-23' });
  const [state, setState] = useState('sent');
  const data = (['saved', 'sent', 'failed'] as const).map((value) => ({ value, label: t(`clipState.${value}`) }));
  return (
    <div className={classes.fields}>
      <SearchField
        label={t('recordings.find')}
        placeholder={t('recordings.search')}
        value=""
        onChange={nothing}
        testId="sample-empty"
      />
      <SearchField label={t('recordings.find')} value="P-4711" onChange={nothing} testId="sample-typed" />
      <FilterSelect label={t('recordings.state')} value="" onChange={nothing} data={data} />
      <FilterSelect label={t('recordings.state')} value={state} onChange={setState} data={data} />
      <FilterDays {...days} onChange={(field, value) => setDays({ ...days, [field]: value })} />
      <DayField label={t('correct.birth')} value="" onChange={nothing} error={t('error.unknown')} />
    </div>
  );
}

/** A clip's picture, one that cannot be loaded, and none. */
export function ThumbSamples() {
  return [picture, 'data:image/png;base64,', undefined].map((url) => (
    <span key={String(url)} className={classes.thumb}>
      <Thumb url={url} />
    </span>
  ));
}

/** What stands where nothing is: with and without a hint and a way on. */
export function PlaceholderSamples({ large = false }: { large?: boolean }) {
  const { t } = useTranslation();
  const error = new ApiError(0, 'network', '');
  return (
    <>
      <Loading large={large} />
      <Empty title={t('recordings.empty')} large={large} />
      <Empty title={t('recordings.empty')} hint={t('recordings.emptyHint')} large={large} />
      <p>
        <ReasonText code="peer-unreachable" reason="127.0.0.1:11112 refused the connection" />
      </p>
      <p>
        <ReasonText code="of-a-later-version" reason="what the service says" />
      </p>
      <Failed error={error} large={large} />
      <Failed error={error} onRetry={nothing} large={large} />
    </>
  );
}

/** The server is silent; the last one shows itself only while it really is. */
export function FeedSamples({ large = false }: { large?: boolean }) {
  const { t } = useTranslation();
  const [since] = useState(() => Date.now() - 83_000);
  return (
    <>
      <FeedLost lostAt={since} text={t('feed.lostConsole')} large={large} />
      <FeedLost lostAt={undefined} text={t('feed.lostConsole')} large={large} />
      <FeedBanner text={t('feed.lostConsole')} large={large} />
    </>
  );
}

export function PanelSwitchSamples() {
  return (
    <div className={classes.row}>
      <LanguageSwitch size="xl" />
    </div>
  );
}
