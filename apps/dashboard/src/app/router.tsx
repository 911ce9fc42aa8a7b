import { createBrowserRouter } from 'react-router';
import { AccountPage } from '../account/AccountPage.tsx';
import { allowed } from '../account/Allowed.tsx';
import { SetUpPage } from '../account/SetUpPage.tsx';
import { SignedInPage } from '../account/SignedInPage.tsx';
import { AccountsPage } from '../admin/AccountsPage.tsx';
import { DeadLettersPage } from '../admin/DeadLettersPage.tsx';
import { AdminHome, AdminLayout } from '../admin/AdminLayout.tsx';
import { AuditPage } from '../admin/AuditPage.tsx';
import { PanelsPage } from '../admin/PanelsPage.tsx';
import { RetentionPage } from '../admin/retention/RetentionPage.tsx';
import { DevicesPage } from '../admin/stations/DevicesPage.tsx';
import { SetUpStationPage } from '../admin/stations/SetUpStationPage.tsx';
import { StationPage } from '../admin/stations/StationPage.tsx';
import { StationsPage } from '../admin/stations/StationsPage.tsx';
import { TokensPage } from '../admin/TokensPage.tsx';
import { WebhookLogPage } from '../admin/webhooks/WebhookLogPage.tsx';
import { WebhooksPage } from '../admin/webhooks/WebhooksPage.tsx';
import { ConsolePage } from '../console/ConsolePage.tsx';
import { DesignPage } from '../design/DesignPage.tsx';
import { DestinationsPage } from '../admin/DestinationsPage.tsx';
import { EditorPage } from '../editor/EditorPage.tsx';
import { DeliveriesPage } from '../deliveries/DeliveriesPage.tsx';
import { IngestPage } from '../ingest/IngestPage.tsx';
import { JoinPage } from '../join/JoinPage.tsx';
import { KeysPage } from '../keys/KeysPage.tsx';
import { ClipPage } from '../recordings/ClipPage.tsx';
import { RecordingsPage } from '../recordings/RecordingsPage.tsx';
import { RoomPage } from '../rooms/RoomPage.tsx';
import { Crash, NotFound } from './Crash.tsx';
import { DeskLayout } from './DeskLayout.tsx';
import { Home } from './Home.tsx';
import { Root } from './Root.tsx';

export const router = createBrowserRouter([
  {
    Component: Root,
    ErrorBoundary: Crash,
    children: [
      { path: 'set-up', Component: SetUpPage, ErrorBoundary: Crash },
      { path: 'signed-in', Component: SignedInPage, ErrorBoundary: Crash },
      { path: 'console/:stationId', Component: ConsolePage, ErrorBoundary: Crash },
      { path: 'console/:stationId/keys', Component: KeysPage, ErrorBoundary: Crash },
      {
        Component: DeskLayout,
        children: [
          {
            ErrorBoundary: Crash,
            children: [
              { index: true, Component: Home },
              { path: 'rooms/:stationId', Component: allowed('live.watch', RoomPage) },
              { path: 'recordings', Component: allowed('clip.read', RecordingsPage) },
              { path: 'recordings/:clipId', Component: allowed('clip.read', ClipPage) },
              { path: 'clips/:clipId/edit', Component: allowed('clip.edit', EditorPage) },
              { path: 'clips/:clipId/join', Component: allowed('clip.edit', JoinPage) },
              { path: 'deliveries', Component: allowed('delivery.read', DeliveriesPage) },
              {
                path: 'admin',
                Component: AdminLayout,
                children: [
                  { index: true, Component: AdminHome },
                  { path: 'stations', Component: allowed('admin.system', StationsPage) },
                  { path: 'stations/:stationId', Component: allowed('admin.system', StationPage) },
                  { path: 'stations/:stationId/devices', Component: allowed('admin.system', DevicesPage) },
                  { path: 'set-up', Component: allowed('admin.system', SetUpStationPage) },
                  { path: 'destinations', Component: allowed('delivery.read', DestinationsPage) },
                  { path: 'retention', Component: allowed('admin.system', RetentionPage) },
                  { path: 'webhooks', Component: allowed('delivery.read', WebhooksPage) },
                  { path: 'webhooks/:name', Component: allowed('delivery.read', WebhookLogPage) },
                  { path: 'given-up', Component: allowed('admin.system', DeadLettersPage) },
                  { path: 'accounts', Component: allowed('admin.accounts', AccountsPage) },
                  { path: 'tokens', Component: allowed('admin.accounts', TokensPage) },
                  { path: 'panels', Component: allowed('admin.accounts', PanelsPage) },
                  { path: 'audit', Component: allowed('audit.read', AuditPage) },
                ],
              },
              { path: 'account', Component: AccountPage },
              { path: 'ingest', Component: allowed('live.publish', IngestPage) },
              { path: 'design', Component: DesignPage },
              { path: '*', Component: NotFound },
            ],
          },
        ],
      },
    ],
  },
]);
