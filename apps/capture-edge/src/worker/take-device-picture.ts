import type { DevicePicture, DevicePictureWish } from '@smartbox/contracts';
import { serveChild } from '@smartbox/media';
import { takeDevicePicture } from '@smartbox/media/native';

serveChild<DevicePictureWish, never, DevicePicture>(async ({ path, ...wanted }) => {
  const { jpeg, ...facts } = await takeDevicePicture(path, wanted);
  return { jpeg: jpeg.toString('base64'), ...facts };
});
