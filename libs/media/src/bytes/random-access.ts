/** Random access to the bytes of a file, or of an http(s) object by range requests. */
export interface ByteSource {
  readonly size: number;
  /** A file of this machine. */
  readonly isNear: boolean;
  /** Bytes taken from the file or the server so far. */
  readonly bytesRead: number;
  /** Exactly these bytes. @throws SmartBoxError `media-error` where there are fewer, or the server is away for long. */
  read(offset: number, length: number): Promise<Buffer>;
  /** The same in pieces; each is valid until the next one is asked for. */
  stream(offset: number, length: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}
