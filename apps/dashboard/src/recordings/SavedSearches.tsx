import { Button, CloseButton, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconBookmark, IconBookmarkPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import classes from './SavedSearches.module.css';

const Saved = z.array(z.object({ name: z.string().min(1).max(60), query: z.string().max(2000) })).max(50);
type Saved = z.infer<typeof Saved>;

function parse(text: string | undefined): Saved {
  try {
    return Saved.safeParse(JSON.parse(text ?? '[]')).data ?? [];
  } catch {
    return [];
  }
}

/** Filters that are needed again and again, kept in this browser under a name; opening one puts it into the URL. */
export function SavedSearches({ current, onOpen }: { current: string; onOpen: (query: string) => void }) {
  const { t } = useTranslation();
  const [saved, setSaved] = useLocalStorage<Saved>({
    key: 'smartbox.searches',
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: parse,
  });
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const isNew = current !== '' && !saved.some(({ query }) => query === current);
  if (saved.length === 0 && !isNew) return null;
  return (
    <div className={classes.bar} data-testid="saved-searches">
      {saved.map((one) => (
        <span key={one.name} className={classes.chip} data-current={one.query === current}>
          <button type="button" onClick={() => onOpen(one.query)}>
            <IconBookmark size={16} aria-hidden />
            {one.name}
          </button>
          <CloseButton
            size="md"
            aria-label={t('search.forget', { name: one.name })}
            onClick={() => setSaved(saved.filter(({ name: other }) => other !== one.name))}
          />
        </span>
      ))}
      {isNew &&
        (naming ? (
          <form
            className={classes.form}
            onSubmit={(event) => {
              event.preventDefault();
              const wanted = name.trim();
              if (wanted === '') return;
              setSaved([...saved.filter((one) => one.name !== wanted), { name: wanted, query: current }]);
              setNaming(false);
              setName('');
            }}
          >
            <TextInput
              size="sm"
              aria-label={t('search.name')}
              placeholder={t('search.name')}
              maxLength={60}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
              data-testid="search-name"
            />
            <Button size="sm" type="submit" data-testid="save-search">
              {t('app.save')}
            </Button>
          </form>
        ) : (
          <Button
            size="sm"
            variant="subtle"
            leftSection={<IconBookmarkPlus size={18} aria-hidden />}
            onClick={() => setNaming(true)}
            data-testid="name-search"
          >
            {t('search.keep')}
          </Button>
        ))}
    </div>
  );
}
