import { Navigate } from 'react-router';
import { useMay } from '../account/session.ts';
import { RoomsPage } from '../rooms/RoomsPage.tsx';

/** The rooms; who has nothing to do with them begins where their work is. */
export function Home() {
  return useMay()('room.read') ? <RoomsPage /> : <Navigate to="/admin" replace />;
}
