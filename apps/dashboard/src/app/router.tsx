import { createBrowserRouter } from 'react-router';
import { ConsolePage } from '../console/ConsolePage.tsx';
import { DestinationsPage } from '../admin/DestinationsPage.tsx';
import { DeliveriesPage } from '../deliveries/DeliveriesPage.tsx';
import { ClipPage } from '../recordings/ClipPage.tsx';
import { RecordingsPage } from '../recordings/RecordingsPage.tsx';
import { RoomsPage } from '../rooms/RoomsPage.tsx';
import { Crash, NotFound } from './Crash.tsx';
import { DeskLayout } from './DeskLayout.tsx';
import { Root } from './Root.tsx';

export const router = createBrowserRouter([
  {
    Component: Root,
    ErrorBoundary: Crash,
    children: [
      { path: 'console/:stationId', Component: ConsolePage, ErrorBoundary: Crash },
      {
        Component: DeskLayout,
        children: [
          {
            ErrorBoundary: Crash,
            children: [
              { index: true, Component: RoomsPage },
              { path: 'recordings', Component: RecordingsPage },
              { path: 'recordings/:clipId', Component: ClipPage },
              { path: 'deliveries', Component: DeliveriesPage },
              { path: 'admin/destinations', Component: DestinationsPage },
              { path: '*', Component: NotFound },
            ],
          },
        ],
      },
    ],
  },
]);
