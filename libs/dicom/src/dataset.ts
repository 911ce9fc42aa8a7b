/** One value of an attribute; numbers for IS, DS, US, UL, FD, AT. */
export type DatasetValue = string | number;

/** Attributes by keyword (PS3.6). An empty array writes the attribute with no value (type 2). */
export interface Dataset {
  [keyword: string]: DatasetValue | readonly DatasetValue[] | readonly Dataset[] | undefined;
}

/** A coded concept (PS3.3 section 8). */
export interface Code {
  /** A code, or a URN or URL: see `codeAttribute`. */
  value: string;
  /** Coding Scheme Designator: `SCT`, `DCM`; empty only beside a URN. */
  scheme: string;
  meaning: string;
  /** Coding Scheme Version: where the scheme alone does not identify the code (PS3.3 table 8.8-1). */
  version?: string | undefined;
}
