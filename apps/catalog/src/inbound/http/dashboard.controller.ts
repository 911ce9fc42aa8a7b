import { stat } from 'node:fs/promises';
import { normalize, sep } from 'node:path';
import { Controller, Get, Inject, NotFoundException, Req, Res } from '@nestjs/common';
import type {} from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../../settings.ts';
import { Needs } from './access/needs.decorator.ts';
import { openApi } from './openapi.ts';

/** Public: nothing of a patient, nothing of a site. The API's own description, and the web app: its files, and `index.html` for every address of a screen. */
@Controller()
@Needs({ needs: 'public' })
export class DashboardController {
  readonly #settings: Settings;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.#settings = settings;
  }

  @Get('api/v1/openapi.json')
  openapi(): object {
    return openApi();
  }

  @Get('api/*')
  api(@Req() request: FastifyRequest): never {
    throw new NotFoundException(`there is no ${request.method} ${request.url.split('?')[0]}`);
  }

  @Get('*')
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const path = decodeURIComponent(request.url.split('?')[0] ?? '/').replace(/^\/+/, '');
    const file = normalize(path);
    const escapes = file.startsWith('..') || file.startsWith(sep) || path.includes('\0');
    if (!escapes && (await this.#isFile(file))) {
      const isHashed = file.startsWith(`assets${sep}`);
      void reply.header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      await reply.sendFile(file, this.#settings.dashboardDir, { cacheControl: false });
      return;
    }
    // A missing picture or script is missing; only addresses of screens are the app's.
    if (/\.[a-z0-9]+$/i.test(path)) throw new NotFoundException(`there is no file ${JSON.stringify(path)}`);
    if (!(await this.#isFile('index.html'))) {
      throw new NotFoundException('the web app is not built: run npm run build');
    }
    void reply.header('Cache-Control', 'no-cache');
    await reply.sendFile('index.html', this.#settings.dashboardDir, { cacheControl: false });
  }

  async #isFile(path: string): Promise<boolean> {
    if (path === '.' || path === '') return false;
    return stat(`${this.#settings.dashboardDir}/${path}`).then(
      (found) => found.isFile(),
      () => false,
    );
  }
}
