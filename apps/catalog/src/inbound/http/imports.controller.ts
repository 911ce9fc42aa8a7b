import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Sha256, type ImportView, type OpenUpload } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Imports } from '../../application/imports.ts';
import { CHUNK_TYPE, TUS_VERSION } from './operations-import.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

/** Records of other systems. Their bytes come by tus 1.0.0, with creation and expiration, so that any client of it will do. */
@Controller('api/v1')
export class ImportsController {
  readonly #imports: Imports;

  constructor(@Inject(Imports) imports: Imports) {
    this.#imports = imports;
  }

  @Op('listImports')
  async list(): Promise<{ items: OpenUpload[] }> {
    return { items: await this.#imports.open() };
  }

  @Op('getImport')
  get(@Input() { params }: InputOf<'getImport'>): Promise<ImportView> {
    return this.#imports.find(params.sha256);
  }

  @Op('beginUpload')
  async begin(
    @Input() { headers }: InputOf<'beginUpload'>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    speaksTus(headers, reply);
    const bytes = Number(headers['upload-length']);
    if (bytes < 1) throw inputError('length-missing', `Upload-Length ${bytes}: a record has at least one byte`);
    const sha256 = hashIn(headers['upload-metadata']);
    const upload = await this.#imports.beginUpload(sha256, bytes);
    void reply.header('Location', `/api/v1/imports/uploads/${sha256}`).header('Upload-Expires', expiry(upload));
  }

  @Op('findUpload')
  async find(
    @Input() { params, headers }: InputOf<'findUpload'>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    speaksTus(headers, reply);
    const upload = await this.#imports.upload(params.sha256);
    void reply.headers({
      'Upload-Offset': String(upload.offset),
      'Upload-Length': String(upload.bytes),
      'Upload-Expires': expiry(upload),
    });
  }

  @Op('appendUpload')
  async append(
    @Input() { params, headers }: InputOf<'appendUpload'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    speaksTus(headers, reply);
    const offset = await this.#imports.append(params.sha256, Number(headers['upload-offset']), request.raw);
    void reply.header('Upload-Offset', String(offset));
  }

  @Op('createImport')
  create(@Input() { body }: InputOf<'createImport'>): Promise<ImportView> {
    return this.#imports.create(body, who());
  }
}

/** The protocol's version, in the answer as in the request: "Tus-Resumable" of the core protocol. */
function speaksTus(headers: { 'tus-resumable'?: string | undefined }, reply: FastifyReply): void {
  void reply.header('Tus-Resumable', TUS_VERSION);
  const asked = headers['tus-resumable'];
  if (asked === TUS_VERSION) return;
  void reply.header('Tus-Version', TUS_VERSION);
  const quoted = asked === undefined ? 'is missing' : `is ${JSON.stringify(asked)}`;
  throw new SmartBoxError({ code: 'tus-version', message: `the header Tus-Resumable ${quoted}; it has to be ${TUS_VERSION}`, fault: 'input' }); // prettier-ignore
}

/** Upload-Metadata: keys and base64 values, separated by commas. */
function hashIn(metadata: string): string {
  const pairs = metadata.split(',').map((pair) => pair.trim().split(' '));
  const value = pairs.find(([key]) => key === 'sha256')?.[1] ?? '';
  const parsed = Sha256.safeParse(Buffer.from(value, 'base64').toString('latin1'));
  if (parsed.success) return parsed.data;
  throw inputError('hash-missing', `Upload-Metadata ${JSON.stringify(metadata.slice(0, 100))} names no sha256: 64 hexadecimal digits in base64`); // prettier-ignore
}

const expiry = ({ expiresAt }: OpenUpload): string => new Date(expiresAt).toUTCString();

/** Records go to the object store as they come: such a body is read by the one handler that wants it, and by no parser. */
export function leaveRecordsUnread(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser(CHUNK_TYPE, (_request, _body, done) => done(null, undefined));
}
