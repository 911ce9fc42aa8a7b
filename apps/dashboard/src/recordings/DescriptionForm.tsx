import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  value: string;
  busy: boolean;
  onSave: (description: string) => void;
}

export function DescriptionForm({ value, busy, onSave }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(text.trim());
      }}
    >
      <Textarea
        label={t('clip.description')}
        placeholder={t('clip.descriptionPlaceholder')}
        autosize
        minRows={2}
        maxLength={1000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="description"
      />
      <Button type="submit" mt="sm" loading={busy} disabled={text.trim() === value} data-testid="save-description">
        {t('app.save')}
      </Button>
    </form>
  );
}
