import { decodeCommand, type CommandSet } from './command-set.ts';
import { AbortReason, PduError, readPdvs, type Pdv } from './pdu.ts';

/** A received command with its data set, if it has one. */
export interface DimseMessage {
  contextId: number;
  command: CommandSet;
  dataset?: Buffer;
}

const MAX_COMMAND_BYTES = 65_536;
/** What we receive are answers: the largest is one worklist item. */
const MAX_DATASET_BYTES = 1_048_576;

/** Puts messages together from fragments (PS3.8 annex E), bounded in command and data set. */
export class MessageAssembler {
  #parts: Buffer[] = [];
  #bytes = 0;
  #contextId = 0;
  #command: CommandSet | undefined;

  /** Takes one P-DATA-TF body; returns the messages that it completes. @throws PduError, RangeError on nonsense. */
  push(body: Buffer): DimseMessage[] {
    const complete: DimseMessage[] = [];
    for (const pdv of readPdvs(body)) {
      this.#keep(pdv);
      if (!pdv.last) continue;
      const whole = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#bytes = 0;
      if (this.#command === undefined) {
        const command = decodeCommand(whole);
        if (command.hasDataset) this.#command = command;
        else complete.push({ contextId: pdv.contextId, command });
      } else {
        complete.push({ contextId: pdv.contextId, command: this.#command, dataset: whole });
        this.#command = undefined;
      }
    }
    return complete;
  }

  #keep(pdv: Pdv): void {
    const expectsCommand = this.#command === undefined;
    if (pdv.command !== expectsCommand) {
      throw new PduError(
        pdv.command ? 'a command inside a data set' : 'a data set without a command',
        AbortReason.unexpected,
      );
    }
    const begun = this.#bytes > 0 || !expectsCommand;
    if (begun && pdv.contextId !== this.#contextId) {
      throw new PduError('a message that changes its presentation context', AbortReason.invalidValue);
    }
    this.#contextId = pdv.contextId;
    this.#bytes += pdv.value.length;
    const limit = expectsCommand ? MAX_COMMAND_BYTES : MAX_DATASET_BYTES;
    if (this.#bytes > limit) throw new PduError(`a message of more than ${limit} bytes`, AbortReason.invalidValue);
    if (pdv.value.length > 0) this.#parts.push(pdv.value);
  }
}
