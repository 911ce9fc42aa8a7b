import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './Editor.module.css';

const rows = [
  ['keyPlay', ['␣']],
  ['keyShuttle', ['J', 'K', 'L']],
  ['keyFrame', [',', '.', '←', '→']],
  ['keySecond', ['⇧ ←', '⇧ →']],
  ['keyEdges', ['↑', '↓']],
  ['keyBegin', ['I', 'O']],
  ['keySplit', ['S', '⌦']],
  ['keyUndo', ['Ctrl Z', 'Ctrl ⇧ Z']],
  ['keyZoom', ['+', '−', '0']],
] as const;

export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('editor.keysTitle')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <dl className={classes.keys}>
        {rows.map(([text, keys]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="md">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{t(`editor.${text}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
