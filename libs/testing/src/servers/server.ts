/** Where a server came from: an explicit URL, a binary on PATH, our embedded download, or a container. */
export type Origin = 'url' | 'path' | 'embedded' | 'docker';

/** Tells a person what is going on; the launcher prints it, tests usually drop it. */
export type Progress = (message: string) => void;

export interface LaunchOptions {
  /** Where the data is kept; a temporary directory, deleted by `stop()`, unless given. */
  dataDir?: string;
  /** Preferred port; another free one is taken when it is in use. */
  port?: number;
  /** Where stdout and stderr go; inside the data directory unless given. */
  logFile?: string;
  progress?: Progress;
  /** Tie the server's life to this process instead of the calling one. */
  ownerPid?: number;
}

/** A running server, wherever it came from. Serialisable but for its methods. */
export interface ServerInfo {
  name: string;
  url: string;
  host: string;
  port: number;
  /** Null when the server is not a process of ours (`url`, `docker`). */
  pid: number | null;
  version: string;
  origin: Origin;
}

export interface ServerControl {
  /** Stops it and waits; removes the data when the directory was temporary. Safe to call twice. */
  stop: () => Promise<void>;
  /** Stops it (by `signal`, SIGTERM unless told) and starts it again on the same port and data. */
  restart: (signal?: NodeJS.Signals) => Promise<void>;
  /** Sends a signal (SIGKILL, SIGSTOP, SIGCONT) and, for SIGKILL, waits until it is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts it again after `kill()`, on the same port and data. */
  start: () => Promise<void>;
}
