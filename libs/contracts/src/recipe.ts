import { z } from 'zod';
import { Token, Uid } from './primitives.ts';

/** A coded concept (PS3.3 section 8). */
export const Code = z.object({ code: z.string().max(16), scheme: z.string().max(16), meaning: z.string().max(64) });

/** Burned In Annotation (0028,0301), in small letters as everything here. */
const BurnedIn = z.enum(['yes', 'no']);

/** HTJ2K is for short sequences: of a clip of two minutes it would make gigabytes. */
export const SEQUENCE_SECONDS = 30;

/**
 * What a procedure type implies. Written as YAML under `config/recipes/`, read by the catalog alone, and carried
 * as a snapshot in the procedure and in the events of its clips: what a clip needs travels with it.
 */
export const Recipe = z.object({
  name: Token,
  version: z.int().positive(),
  title: z.object({ de: z.string(), en: z.string() }),
  /** Default length of "save the last N", in seconds. */
  saveSeconds: z.int().min(5).max(900).default(120),
  dicom: z.object({
    /** `secondary-capture`: Multi-frame True Color, of what is no visible light camera, such as a screen or an ultrasound. */
    videoSopClass: z.enum(['video-endoscopic', 'video-microscopic', 'video-photographic', 'secondary-capture']),
    stillSopClass: z.enum(['vl-endoscopic', 'vl-microscopic', 'vl-photographic']),
    /** `OT` is of a Secondary Capture alone; stills beside it have the modality of their own class. */
    modality: z.enum(['ES', 'GM', 'XC', 'OT']),
    /** Coded anatomic region (PS3.16 CID 4): absent where the site does not code it. */
    anatomicRegion: Code.optional(),
    /** Side, of a paired region only (PS3.3 C.7.3.1). */
    laterality: z.enum(['R', 'L']).optional(),
    /** Coded answers to coded questions about the conditions (PS3.3 C.7.6.14, PS3.16 TID 3401 and others). */
    acquisitionContext: z.array(z.object({ concept: Code, value: Code })).optional(),
    /**
     * Does a picture carry text that identifies the patient, as the processors of many endoscopes write it? Only the
     * site knows how its devices are set; unset says nothing, which is what the standard means by an absent attribute
     * (PS3.3 C.7.6.1). A Secondary Capture has to say (C.8.6.3): unset is `yes` there, so that nobody relies on a guess.
     */
    burnedInAnnotation: BurnedIn.optional(),
    /** The same of single sources, by their id, where they differ. */
    burnedInSources: z.record(Token, BurnedIn).optional(),
    /** Transfer syntaxes for the PACS, the preferred one first: encoded for it where the saved stream is none of them. */
    videoTransferSyntaxes: z.array(Uid).min(1).optional(),
    /** Of stills: JPEG Baseline (1.2.840.10008.1.2.4.50) unless given; HTJ2K is .201, .202 or .203. */
    stillTransferSyntax: Uid.optional(),
    /** HTJ2K .203: so many to one, e.g. 10; reversible unless given. */
    stillRatio: z.number().min(2).max(100).optional(),
    videoRatio: z.number().min(2).max(100).optional(),
    /** Longest clip that goes into HTJ2K, frame by frame; a longer one goes on to the next syntax. 30 unless given. */
    sequenceSeconds: z.number().min(1).max(600).optional(),
  }),
  renditions: z.array(z.enum(['pacs', 'poster', 'sprite'])).default(['pacs', 'poster', 'sprite']),
  /** Below these a re-encoding is warned of; default 35 dB and 0.95. */
  quality: z
    .object({ minPsnr: z.number().min(0).default(35), minSsim: z.number().min(0).max(1).default(0.95) })
    .optional(),
  /** Names of entries in `config/destinations.yaml`. */
  destinations: z.array(Token).default([]),
  /** What needs the patient's consent; absent: copies for teaching alone. */
  consent: z
    .object({
      /** For copies for teaching, research and publication. */
      teaching: z.enum(['given', 'not-refused']).default('given'),
      /** Destinations that get nothing unless it is given, such as a teaching collection. */
      destinations: z.array(Token).default([]),
      /** `nothing`: who refuses or withdraws is not recorded, and a recording that runs ends. */
      refusedKeeps: z.enum(['all', 'nothing']).default('all'),
    })
    .optional(),
});
export type Recipe = z.infer<typeof Recipe>;

/** What the recipe says of text in the pictures of a source; undefined where nobody said. */
export const burnedInOf = ({ dicom }: Pick<Recipe, 'dicom'>, sourceId: string): 'yes' | 'no' | undefined =>
  dicom.burnedInSources?.[sourceId] ?? dicom.burnedInAnnotation;
