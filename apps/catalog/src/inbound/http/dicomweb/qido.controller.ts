import { Controller, Get, Inject, Req, Res, UseInterceptors } from '@nestjs/common';
import { dicomJson, type QidoLevel } from '@smartbox/dicom';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { currentPatientReach } from '../../../application/access/asking.ts';
import { resultOf } from '../../../domain/dicomweb/results.ts';
import { parseSearch } from '../../../domain/dicomweb/search.ts';
import { InstanceSearch, type Hit } from '../../../outbound/dicomweb/instance-search.ts';
import { ObjectReader } from '../../../outbound/dicomweb/object-reader.ts';
import { Needs } from '../access/needs.decorator.ts';
import { AccessAudit } from './access-audit.ts';
import { accepted, addressOf, jsonOffers, queryOf, uidsOf } from './addresses.ts';
import { inTurn } from './in-turn.ts';

/** QIDO-RS, PS3.18 section 10.6. */
@Controller('dicomweb')
@UseInterceptors(AccessAudit)
@Needs({ needs: ['clip.read', 'patient.read'] })
export class QidoController {
  readonly #search: InstanceSearch;
  readonly #objects: ObjectReader;

  constructor(@Inject(InstanceSearch) search: InstanceSearch, @Inject(ObjectReader) objects: ObjectReader) {
    this.#search = search;
    this.#objects = objects;
  }

  @Get('studies')
  studies(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer('study', request, reply);
  }

  @Get(['series', 'studies/:study/series'])
  series(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer('series', request, reply);
  }

  @Get(['instances', 'studies/:study/instances', 'studies/:study/series/:series/instances'])
  instances(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer('instance', request, reply);
  }

  async #answer(level: QidoLevel, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { media } = accepted(request, jsonOffers);
    const { study, series } = uidsOf(request.params) as { study?: string; series?: string };
    const within = {
      ...(study === undefined ? {} : { StudyInstanceUID: study }),
      ...(series === undefined ? {} : { SeriesInstanceUID: series }),
    };
    const parameters = queryOf(request);
    parameters.delete('accept');
    const search = parseSearch(level, within, parameters);
    const hits = search.limit === 0 ? [] : await this.#search.find(search, currentPatientReach());
    if (hits.length > search.limit) {
      search.warnings.push(
        'The number of results exceeded the maximum supported by the server. Additional results can be requested.',
      );
    }
    const address = (hit: Hit) =>
      addressOf(request, {
        study: hit.studyInstanceUid,
        ...(level === 'study' ? {} : { series: hit.seriesInstanceUid }),
        ...(level === 'instance' ? { instance: hit.sopInstanceUid } : {}),
      });
    const results = await inTurn(hits.slice(0, search.limit), async (hit) => {
      const { dataset } = await this.#objects.head(hit);
      return resultOf(search, dicomJson(dataset), hit, address(hit));
    });
    const service = `${request.protocol}://${request.headers.host ?? ''}/dicomweb`;
    if (search.warnings.length > 0) {
      void reply.header('Warning', search.warnings.map((each) => `299 ${service} "${each}"`).join(', '));
    }
    await reply.header('Content-Type', media).header('Cache-Control', 'no-store').send(JSON.stringify(results));
  }
}
