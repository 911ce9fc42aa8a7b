/** Orders of the list of clips; `-` is descending. */
export const sorts = ['-requestedAt', 'requestedAt', '-duration', 'duration', '-size', 'size'] as const;
export type Sort = (typeof sorts)[number];
