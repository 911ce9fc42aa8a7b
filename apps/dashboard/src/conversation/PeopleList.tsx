import { IconBuildingHospital, IconPencil, IconUser, IconVolume } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { colourOf } from './colours.ts';
import type { ConversationState } from './conversation.ts';
import classes from './PeopleList.module.css';

/** Who is there, and who of them speaks or draws. */
export function PeopleList({ people, me }: Pick<ConversationState, 'people' | 'me'>) {
  const { t } = useTranslation();
  return (
    <ul className={classes.people} aria-label={t('conversation.people')} data-testid="people">
      {people.map(({ personId, name, side, colour, speaking, drawing }) => (
        <li key={personId} className={classes.person} data-speaking={speaking} data-testid="person">
          <span className={classes.colour} style={{ background: colourOf(colour) }} aria-hidden />
          {side === 'room' ? <IconBuildingHospital size={18} aria-hidden /> : <IconUser size={18} aria-hidden />}
          <span className={classes.name}>
            {name}
            {personId === me?.personId && ` (${t('conversation.you')})`}
          </span>
          {speaking && (
            <span className={classes.act}>
              <IconVolume size={18} aria-hidden />
              {t('conversation.speaks')}
            </span>
          )}
          {drawing && (
            <span className={classes.act}>
              <IconPencil size={18} aria-hidden />
              {t('conversation.draws')}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
