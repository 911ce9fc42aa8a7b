import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  open: boolean;
  title: string;
  label: string;
  confirm: string;
  busy: boolean;
  onClose: () => void;
  onConfirm: (reason: string) => void;
  /** Over the reason. */
  children?: ReactNode;
}

/** As the server wants it. */
const SHORTEST = 3;

/** Asks why: the reason stands in the audit. */
export function ReasonDialog({ open, title, label, confirm, busy, onClose, onConfirm, children }: Props) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={title}
      centered
      closeButtonProps={{ 'aria-label': t('app.close') }}
      onExitTransitionEnd={() => setReason('')}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(reason.trim());
        }}
      >
        {children}
        <Textarea
          label={label}
          autosize
          minRows={2}
          maxLength={1000}
          required
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-testid="reason"
        />
        <Button
          type="submit"
          mt="md"
          loading={busy}
          disabled={reason.trim().length < SHORTEST}
          data-testid="confirm-reason"
        >
          {confirm}
        </Button>
      </form>
    </Modal>
  );
}
