import type { ConsentState, ProcedureView, StationView } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.ts';
import { persistently } from '../api/persistently.ts';
import { keys } from '../api/queries.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { applyProcedure } from '../feed/reduce.ts';

/** Sets what the patient said; asked again while the server does not answer: it is the same however often it comes. */
export function useConsent(procedureId: string, setAt: 'room' | 'desk') {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  return useMutation({
    mutationFn: (said: { state: ConsentState; reason?: string }) =>
      persistently(() => api.setConsent(procedureId, { ...said, setAt })),
    onSuccess: (procedure: ProcedureView) => {
      client.setQueryData(keys.procedure(procedureId), procedure);
      client.setQueryData<StationView[]>(keys.stations, (all) => all?.map((s) => applyProcedure(s, procedure)));
      void client.invalidateQueries({ queryKey: ['clip'] });
    },
    onError: (error) =>
      notifications.show({
        color: 'red',
        title: t('consent.notSet'),
        message: errorText(error),
        autoClose: false,
      }),
  });
}
