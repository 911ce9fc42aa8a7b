import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import { told } from './told.ts';

it('an answer that was on its way takes back nothing of what the feed told', async () => {
  const client = new QueryClient();
  const queryKey = ['work'];
  let onServer = 'waiting';
  const answers: (() => void)[] = [];
  const queryFn = () => {
    const answer = onServer;
    return new Promise<string>((resolve) => answers.push(() => resolve(answer)));
  };
  const observer = new QueryObserver(client, { queryKey, queryFn });
  const stop = observer.subscribe(() => undefined);
  answers[0]?.();
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('waiting'));

  void observer.refetch();
  expect(answers).toHaveLength(2);
  onServer = 'ready';
  told<string>(client, queryKey, () => 'ready');
  answers[1]?.();
  await vi.waitFor(() => expect(answers).toHaveLength(3));
  expect(observer.getCurrentResult().data).toBe('ready');
  answers[2]?.();
  await vi.waitFor(() => expect(observer.getCurrentResult().isFetching).toBe(false));
  expect(observer.getCurrentResult().data).toBe('ready');
  stop();
});

it('tells nothing of what nobody asked for yet', () => {
  const client = new QueryClient();
  told<string>(client, ['work'], () => 'ready');
  expect(client.getQueryData(['work'])).toBeUndefined();
});
