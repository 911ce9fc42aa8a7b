import {
  AccountView,
  ApiTokenView,
  AuditChainView,
  AuditCheck,
  AuditEntryView,
  ClosedRoom,
  CreatedToken,
  OneTimePassword,
  OpenedRoom,
  OpenSession,
  page,
  PanelCode,
  PanelRequestView,
  PanelView,
  SessionView,
  SignedOut,
} from '@smartbox/contracts';
import type { AuditKind } from '@smartbox/contracts';
import { z } from 'zod';
import { catalog, defined, expect } from './client.ts';
import type { Body } from './client.ts';

const itemsOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item) }).transform(({ items }) => items as z.output<T>[]);
const Anything = z.unknown();

export interface AuditQuery {
  person?: string | undefined;
  object?: string | undefined;
  kind?: AuditKind | undefined;
  outcome?: 'success' | 'failure' | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** Signing in, and what administrators do; errors as everywhere in `api`. */
export const accessApi = {
  signIn: (body: Body<'signIn'>) => expect(SessionView, catalog.POST('/api/v1/session', { body })),
  signOut: () => expect(SignedOut, catalog.DELETE('/api/v1/session')),
  setUp: (body: Body<'setUp'>) => expect(SessionView, catalog.POST('/api/v1/set-up', { body })),
  changePassword: (body: Body<'changePassword'>) =>
    expect(SessionView, catalog.POST('/api/v1/session/password', { body })),
  sessions: () => expect(itemsOf(OpenSession), catalog.GET('/api/v1/sessions')),
  endSession: (sessionId: string) =>
    expect(Anything, catalog.DELETE('/api/v1/sessions/{sessionId}', { params: { path: { sessionId } } })),
  endSessions: () => expect(Anything, catalog.DELETE('/api/v1/sessions')),

  accounts: () => expect(itemsOf(AccountView), catalog.GET('/api/v1/accounts')),
  createAccount: (body: Body<'createAccount'>) => expect(OneTimePassword, catalog.POST('/api/v1/accounts', { body })),
  changeAccount: (accountId: string, body: Body<'patchAccount'>) =>
    expect(AccountView, catalog.PATCH('/api/v1/accounts/{accountId}', { params: { path: { accountId } }, body })),
  resetPassword: (accountId: string) =>
    expect(OneTimePassword, catalog.POST('/api/v1/accounts/{accountId}/password', { params: { path: { accountId } } })),
  endAccountSessions: (accountId: string) =>
    expect(Anything, catalog.DELETE('/api/v1/accounts/{accountId}/sessions', { params: { path: { accountId } } })),

  tokens: () => expect(itemsOf(ApiTokenView), catalog.GET('/api/v1/tokens')),
  createToken: (body: Body<'createToken'>) => expect(CreatedToken, catalog.POST('/api/v1/tokens', { body })),
  revokeToken: (tokenId: string) =>
    expect(ApiTokenView, catalog.DELETE('/api/v1/tokens/{tokenId}', { params: { path: { tokenId } } })),

  requestPanel: (stationId: string | undefined) =>
    expect(PanelCode, catalog.POST('/api/v1/panels/requests', { body: defined({ stationId }) })),
  panelRequest: (code: string) =>
    expect(PanelRequestView, catalog.GET('/api/v1/panels/requests/{code}', { params: { path: { code } } })),
  panels: () => expect(itemsOf(PanelView), catalog.GET('/api/v1/panels')),
  confirmPanel: (body: Body<'confirmPanel'>) => expect(PanelView, catalog.POST('/api/v1/panels', { body })),
  revokePanel: (panelId: string) =>
    expect(PanelView, catalog.DELETE('/api/v1/panels/{panelId}', { params: { path: { panelId } } })),

  closedRooms: () => expect(itemsOf(ClosedRoom), catalog.GET('/api/v1/break-glass/rooms')),
  breakGlass: (body: Body<'breakGlass'>) => expect(OpenedRoom, catalog.POST('/api/v1/break-glass', { body })),
  endBreakGlass: (grantId: string) =>
    expect(Anything, catalog.DELETE('/api/v1/break-glass/{grantId}', { params: { path: { grantId } } })),

  audit: (query: AuditQuery, cursor?: number) =>
    expect(page(AuditEntryView), catalog.GET('/api/v1/audit', { params: { query: { ...defined({ ...query, cursor }), limit: 50 } } })), // prettier-ignore
  auditUrl: (query: AuditQuery, format: 'atna' | 'csv') =>
    `/api/v1/audit/export?${new URLSearchParams({ ...(defined(query) as Record<string, string>), format }).toString()}`,
  auditChain: () => expect(AuditChainView, catalog.GET('/api/v1/audit/chain')),
  checkAudit: () => expect(AuditCheck, catalog.POST('/api/v1/audit/chain/check')),
};
