import type { ClipDetail } from '@smartbox/contracts';
import { timeOfFrame } from '../clip/frames.ts';
import type { Span } from '../editor/film.ts';
import { FilmTimeline } from '../editor/FilmTimeline.tsx';
import { useGaps } from '../editor/useGaps.ts';
import { useMarkers } from '../editor/useMarkers.ts';
import { useView } from '../editor/useView.ts';
import type { Playable } from './slot.ts';

interface Props {
  clip: ClipDetail;
  source: ClipDetail['sources'][number];
  part: Playable;
  /** From 1. */
  number: number;
  frame: number;
  onSeek: (frame: number) => void;
  onEdge: (edge: 'from' | 'to', frame: number, gesture: string) => void;
}

/** The original of one part: how much of it is in the film. */
export function PartTimeline({ clip, source, part, number, frame, onSeek, onEdge }: Props) {
  const { gaps, shownGaps } = useGaps(source);
  const markers = useMarkers(clip, source, gaps);
  const scale = useView(source.frames, frame);
  const sheet = clip.renditions.find((r) => r.sourceId === source.sourceId && r.sprite !== undefined);
  const kept: Span = { from: part.from, to: part.to };
  const cuts = [
    { from: 0, to: kept.from },
    { from: kept.to, to: source.frames },
  ].filter(({ from, to }) => from < to);
  return (
    <FilmTimeline
      scale={scale}
      fps={part.fps}
      total={source.frames}
      frame={frame}
      spans={[kept]}
      parts={[kept]}
      cuts={cuts}
      active={0}
      firstPart={number}
      limits={(_, edge) =>
        edge === 'from' ? { from: 0, to: kept.to - 1 } : { from: kept.from + 1, to: source.frames }
      }
      gaps={shownGaps}
      timeOf={(at) => timeOfFrame(at, part.fps, gaps) * 1000}
      markers={markers}
      regions={[]}
      sheet={sheet?.sprite && { url: sheet.url, sprite: sheet.sprite }}
      onSeek={onSeek}
      onEdge={(_, edge, wanted, gesture) => {
        onEdge(edge, wanted, gesture);
        onSeek(edge === 'from' ? Math.min(wanted, kept.to - 1) : Math.max(wanted - 1, kept.from));
      }}
    />
  );
}
