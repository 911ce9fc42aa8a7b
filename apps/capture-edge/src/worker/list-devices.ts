import { serveChild } from '@smartbox/media';
import { listDevices, type DeviceList } from '@smartbox/media/native';

serveChild<null, never, DeviceList>(() => listDevices());
