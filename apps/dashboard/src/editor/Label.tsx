import { Checkbox, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useDestinations } from '../api/queries.ts';
import classes from './Editor.module.css';

export interface LabelProps {
  name: string;
  onName: (name: string) => void;
  destinations: readonly string[];
  onDestinations: (names: string[]) => void;
}

/** What a film is called and where it goes. */
export function Label({ name, onName, destinations, onDestinations }: LabelProps) {
  const { t } = useTranslation();
  const { data } = useDestinations();
  return (
    <>
      <TextInput
        label={t('editor.name')}
        placeholder={t('editor.namePlaceholder')}
        maxLength={200}
        value={name}
        onChange={(event) => onName(event.currentTarget.value)}
        data-testid="edit-name"
      />
      {(data?.items.length ?? 0) > 0 && (
        <Checkbox.Group
          label={t('editor.sendTo')}
          description={t('editor.sendToHint')}
          value={[...destinations]}
          onChange={onDestinations}
        >
          <div className={classes.choices}>
            {data?.items.map((destination) => (
              <Checkbox
                key={destination.name}
                value={destination.name}
                label={destination.title}
                size="md"
                data-testid={`edit-send-${destination.name}`}
              />
            ))}
          </div>
        </Checkbox.Group>
      )}
    </>
  );
}
