import { Controller, Inject, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ImportView } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { FastifyRequest } from 'fastify';
import { Imports } from '../../application/imports.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';

@Controller('api/v1')
export class ImportsController {
  readonly #imports: Imports;

  constructor(@Inject(Imports) imports: Imports) {
    this.#imports = imports;
  }

  @Op('getImport')
  get(@Input() { params }: InputOf<'getImport'>): Promise<ImportView> {
    return this.#imports.find(params.sha256);
  }

  @Op('uploadImport')
  upload(@Input() { params }: InputOf<'uploadImport'>, @Req() request: FastifyRequest): Promise<ImportView> {
    const bytes = Number(request.headers['content-length']);
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw inputError('length-missing', 'the record needs a Content-Length above 0 and the type application/octet-stream'); // prettier-ignore
    return this.#imports.upload(params.sha256, bytes, request.raw);
  }

  @Op('createImport')
  create(@Input() { body }: InputOf<'createImport'>): Promise<ImportView> {
    return this.#imports.create(body, who());
  }
}

/** Records go to the object store as they come: such a body is read by the one handler that wants it, and by no parser. */
export function leaveRecordsUnread(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null, undefined));
}
