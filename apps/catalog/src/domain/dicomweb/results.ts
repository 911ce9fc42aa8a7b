import { lookupKeyword, qidoResults, type DicomJson, type JsonElement, type QidoLevel } from '@smartbox/dicom';
import type { Search } from './search.ts';

const tagsOf = (keywords: readonly string[]) => keywords.flatMap((each) => lookupKeyword(each)?.tag ?? []);

export interface Counts {
  modalities: readonly string[];
  studySeries: number;
  studyInstances: number;
  seriesInstances: number;
}

const one = (vr: string, ...values: (string | number)[]): JsonElement => ({ vr, Value: values });

/** One line of a search's answer: attributes of the object that speaks for it, what was counted, where to get it. */
export function resultOf(search: Search, head: DicomJson, counts: Counts, retrieveUrl: string): DicomJson {
  const { level, include, match } = search;
  // What the address does not say already of the levels above.
  const above: QidoLevel[] = [
    ...(level !== 'study' && !match.StudyInstanceUID ? (['study'] as const) : []),
    ...(level === 'instance' && !match.SeriesInstanceUID ? (['series'] as const) : []),
  ];
  const shown: QidoLevel[] = [...above, level];
  const tags = new Set(shown.flatMap((each) => tagsOf(qidoResults[each])));
  const chosen = Object.entries(head).filter(([tag]) => include === 'all' || tags.has(tag) || include.has(tag));
  const counted: DicomJson = {
    '00080056': one('CS', 'ONLINE'),
    '00081190': one('UR', retrieveUrl),
    ...(shown.includes('study')
      ? {
          '00080061': one('CS', ...counts.modalities.filter((each) => each !== '')),
          '00201206': one('IS', counts.studySeries),
          '00201208': one('IS', counts.studyInstances),
        }
      : {}),
    ...(shown.includes('series') ? { '00201209': one('IS', counts.seriesInstances) } : {}),
  };
  const all = { ...Object.fromEntries(chosen), ...counted };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
