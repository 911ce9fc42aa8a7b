import type { CaptureDevice } from '@smartbox/contracts';
import { Button, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import panel from '../../ui/Panel.module.css';
import { arriving, offersOf, sameChoice } from './device-modes.ts';
import type { Choice, RateOffer } from './device-modes.ts';
import classes from './Devices.module.css';
import { useModeText } from './useModeText.ts';

/** More sizes are shown when they are asked for: webcams have twenty. */
const SHOWN = 5;

interface Props {
  device: CaptureDevice;
  choice: Choice | undefined;
  onChoose: (choice: Choice) => void;
}

/** What a device offers: sizes with their rates, each a button where a source can be set to it. */
export function ModeTable({ device, choice, onChoose }: Props) {
  const { t } = useTranslation();
  const { modeText, sizeText } = useModeText();
  const [showAll, setShowAll] = useState(false);
  const offers = offersOf(device.modes);
  const comes = arriving(device.input);
  if (offers.length === 0) return <p className={classes.warn}>{t('cameras.noModes')}</p>;
  const shown = showAll ? offers : offers.slice(0, SHOWN);
  return (
    <>
      <h3>{t('cameras.modes')}</h3>
      {comes && (
        <div className={classes.comes}>
          <ModeButton chosen={sameChoice(comes, choice)} onClick={() => onChoose(comes)}>
            {t('cameras.asItComes', { mode: modeText(comes) })}
          </ModeButton>
          <span className={panel.soft}>{t('cameras.asItComesHint')}</span>
        </div>
      )}
      <table className={classes.modes}>
        <thead>
          <tr>
            <th>{t('cameras.size')}</th>
            <th>{t('cameras.rates')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ width, height, grade, rates }) => (
            <tr key={`${width}x${height}`} data-testid={`mode-${width}x${height}`}>
              <th scope="row">
                {sizeText({ width, height })}{' '}
                {grade && <span className={classes.grade}>{t(`cameras.grade.${grade}`)}</span>}
              </th>
              <td>
                <div className={classes.rates}>
                  {rates.map((rate) => (
                    <RateCell
                      key={rate.fps ?? 'unknown'}
                      rate={rate}
                      size={sizeText({ width, height })}
                      isChosen={rate.choice !== undefined && sameChoice(rate.choice, choice)}
                      onChoose={onChoose}
                    />
                  ))}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < offers.length && (
        <Button variant="subtle" onClick={() => setShowAll(true)}>
          {t('cameras.moreSizes', { count: offers.length - shown.length })}
        </Button>
      )}
    </>
  );
}

interface RateProps {
  rate: RateOffer;
  size: string;
  isChosen: boolean;
  onChoose: (choice: Choice) => void;
}

function RateCell({ rate: { fps, formats, choice }, size, isChosen, onChoose }: RateProps) {
  const { t } = useTranslation();
  const { rateText } = useModeText();
  const text = fps === undefined ? t('cameras.rateUnknown') : rateText(fps);
  const inside = (
    <span>
      <VisuallyHidden>{size} · </VisuallyHidden>
      {text} <span className={classes.formats}>{formats.join(', ')}</span>
    </span>
  );
  if (choice) {
    return (
      <ModeButton chosen={isChosen} onClick={() => onChoose(choice)}>
        {inside}
      </ModeButton>
    );
  }
  return (
    <span className={classes.unset}>
      {inside} – {t('cameras.notSettable')}
    </span>
  );
}

interface ButtonProps {
  chosen: boolean;
  onClick: () => void;
  children: ReactNode;
}

function ModeButton({ chosen, onClick, children }: ButtonProps) {
  return (
    <Button
      size="sm"
      variant={chosen ? 'filled' : 'default'}
      aria-pressed={chosen}
      onClick={onClick}
      className={classes.mode ?? ''}
    >
      {children}
    </Button>
  );
}
