/** The edit model alone: nothing of Node, so that it runs in the browser as well. */
export {
  edit,
  redo,
  startEdit,
  stepsOnSource,
  timelineOf,
  undo,
  type EditDocument,
  type EditOperation,
} from './edit.ts';
export { framesOf, sourceFrameAt, type FrameRange } from './ranges.ts';
