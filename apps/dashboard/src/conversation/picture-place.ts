/** A point of the picture, as shares of its width and height from the upper left corner. */
export type Place = [x: number, y: number];

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a picture of this shape lies in a box that shows it whole (`object-fit: contain`). */
export function pictureIn(box: { width: number; height: number }, aspect: number): Box {
  const width = Math.min(box.width, box.height * aspect);
  const height = Math.min(box.height, box.width / aspect);
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** Undefined beside the picture. */
export function placeAt(picture: Box, x: number, y: number): Place | undefined {
  if (picture.width === 0 || picture.height === 0) return undefined;
  const place: Place = [(x - picture.left) / picture.width, (y - picture.top) / picture.height];
  return place.every((share) => share >= 0 && share <= 1) ? place : undefined;
}

export const pointAt = (picture: Box, [x, y]: Place): { x: number; y: number } => ({
  x: picture.left + x * picture.width,
  y: picture.top + y * picture.height,
});
