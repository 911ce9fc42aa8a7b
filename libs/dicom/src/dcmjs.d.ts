/** The part of dcmjs 0.51 this library uses; the package ships no types. */
declare module 'dcmjs' {
  interface DcmjsElement {
    vr: string;
    Value: readonly unknown[];
  }
  type DcmjsDict = Record<string, DcmjsElement>;
  interface DictionaryEntry {
    tag: string;
    vr: string;
    vm: string;
    name: string;
  }
  const dcmjs: {
    data: {
      DicomDict: new (meta: DcmjsDict) => {
        dict: DcmjsDict;
        write(options?: { allowInvalidVRLength: boolean }): ArrayBuffer;
      };
      DicomMetaDictionary: {
        dictionary: Record<string, DictionaryEntry | undefined>;
        nameMap: Record<string, DictionaryEntry | undefined>;
      };
    };
    log: { setLevel(level: string): void };
  };
  export default dcmjs;
}
