import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { EditorStage, at, eventually, strip, video } from './editor-stage.ts';

const stage = new EditorStage('25');

describe('enhancing', () => {
  it('shows the frame through the server’s filters; the newest wish wins, a refusal is told', async () => {
    const page = await stage.open();
    await page.getByText('Bild', { exact: true }).click();
    await page.getByTestId('recipe-endoscopy').check();
    const preview = page.getByTestId('preview');
    await page.locator('[data-testid=preview][data-state=ready]').waitFor();
    expect(stage.desk.previews.at(-1)?.toString()).toBe('frame=0&recipe=endoscopy&width=960');
    const asked = stage.desk.previews.length;
    const slider = page.getByTestId('slider-contrast');
    await slider.focus();
    for (let i = 0; i < 10; i += 1) await page.keyboard.press('ArrowRight');
    await eventually(() => stage.desk.previews.at(-1)?.get('contrast')).toBe('1.3');
    expect(stage.desk.previews.length - asked).toBeLessThan(6);
    stage.desk.preview = {
      status: 422,
      body: { type: 'x', title: 'No', status: 422, code: 'bad', detail: 'Bild nicht lesbar' },
    };
    await page.getByTestId('recipe-surgery').check();
    await page.getByTestId('preview-failed').waitFor();
    expect(await preview.innerText()).toContain('Bild nicht lesbar');
    stage.desk.preview = undefined;
    await page.getByTestId('recipe-microscopy').check();
    await page.locator('[data-testid=preview][data-state=ready]').waitFor();
    await page.getByTestId('save-cut').click();
    await eventually(() => stage.desk.edits.length).toBe(1);
    expect(stage.desk.edits[0]?.enhance).toEqual({ recipe: 'microscopy', parameters: {} });
  });
});

describe('concealing and exporting', () => {
  it('draws, lists and removes; counts frames of what is exported; several profiles at once', async () => {
    const page = await stage.open();
    const place = await strip(page, 20);
    await page.mouse.click(place.x, place.y);
    await at(page, 20);
    await page.keyboard.press('i');
    await page.getByTestId('save-cut').click();
    await eventually(() => stage.desk.edits.length).toBe(1);
    const [edit] = stage.desk.edits;
    stage.desk.change(edit!.renditionId, { state: 'ready', frames: 100, name: 'Ab Bild 20' });
    stage.server.send({ kind: 'edit', edit: stage.desk.edits[0]! });
    await page.locator(`[data-testid="edit-${edit!.renditionId}"][data-state=ready]`).waitFor();

    await page.getByText('Verdecken', { exact: true }).click();
    await page.getByTestId('draw-region').click();
    const box = (await video(page).boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.9, { steps: 5 });
    await page.mouse.up();
    await page.getByTestId('region-1').waitFor();
    const later = await strip(page, 50);
    await page.mouse.click(later.x, later.y);
    await at(page, 50);
    await page.getByTestId('region-1').getByRole('button', { name: 'Bis hier' }).click();
    expect(await page.getByTestId('region-range').innerText()).toContain('Bild 0 bis 50');
    await page.getByTestId('hide-whole').click();
    await page
      .getByTestId('region-2')
      .getByRole('button', { name: /^Entfernen/ })
      .click();
    expect(await page.getByTestId('region-2').count()).toBe(0);

    await page.getByTestId('open-export').click();
    await page.getByTestId('profile-pacs').check();
    await page.getByTestId('profile-webm').check();
    expect(await page.getByTestId('profile-original').isDisabled()).toBe(true);
    await page.getByTestId('send-archive').check();
    await page.getByTestId('start-export').click();
    await eventually(() => stage.desk.exports.length).toBe(3);
    expect(stage.desk.exports.map(({ profile }) => profile).sort()).toEqual(['mobile', 'pacs', 'webm']);
    expect(stage.desk.exports[0]).toMatchObject({ editId: edit!.renditionId, destinations: ['archive'] });
    const [redaction] = stage.desk.exports[0]!.redactions;
    expect(redaction?.frames).toEqual({ from: 0, to: 31 });
    expect(redaction?.region?.x).toBeCloseTo(0.25, 1);
    expect(redaction?.region?.height).toBeCloseTo(0.4, 1);

    const [first, second, third] = stage.desk.exports.map(({ renditionId }) => renditionId);
    await page.getByTestId(`export-${first}`).getByTestId('cancel-work').click();
    await page.locator(`[data-testid="export-${first}"][data-state=cancelled]`).waitFor();
    stage.desk.change(second!, {
      state: 'ready',
      bytes: 4_200_000,
      downloadUrl: `/api/v1/clips/${stage.desk.detail.clipId}/exports/${second}/file`,
      fileName: 'film.webm',
    });
    stage.desk.change(third!, {
      state: 'failed',
      failure: { code: 'encoder-missing', reason: 'Kein Encoder vorhanden' },
    });
    for (const id of [second, third])
      stage.server.send({ kind: 'export', export: stage.desk.exports.find((job) => job.renditionId === id)! });
    const link = page.getByTestId(`export-${second}`).getByTestId('download');
    await link.waitFor();
    expect(await link.getAttribute('href')).toContain(`/exports/${second}/file`);
    expect(await page.getByTestId(`export-${second}`).innerText()).toContain('4,2 MB');
    const failed = page.getByTestId(`export-${third}`);
    expect(await failed.innerText()).toContain('Kein Encoder vorhanden');
    await failed.getByTestId('retry-work').click();
    await eventually(() => stage.desk.exports.length).toBe(4);
    expect(stage.desk.exports[0]?.redactions).toEqual(stage.desk.exports[3]?.redactions);
  });
});

describe('a file that is ready', () => {
  it('goes on into the archive and onto what is there; stopped, failed and written are told', async () => {
    const ready = { name: 'usb', title: 'USB-Stick', state: 'ready' as const, freeBytes: 32_000_000_000 };
    const away = { name: 'share', title: 'Freigabe Lehre', state: 'absent' as const };
    stage.desk.targets = [ready, away];
    const page = await stage.open();
    await page.getByTestId('open-export').click();
    await page.getByTestId('profile-mobile').uncheck();
    await page.getByTestId('profile-mjpeg').check();
    await page.getByTestId('purpose-teaching').check();
    await page.getByTestId('start-export').click();
    await eventually(() => stage.desk.exports[0]?.purpose).toBe('teaching');
    const { renditionId } = stage.desk.exports[0]!;
    const file = page.getByTestId(`export-${renditionId}`);
    const tell = (change: Parameters<typeof stage.desk.change>[1]) => {
      stage.desk.change(renditionId, change);
      stage.server.send({ kind: 'export', export: stage.desk.exports[0]! });
    };
    tell({ state: 'ready', downloadUrl: `/api/v1/clips/${stage.desk.detail.clipId}/exports/${renditionId}/file` });
    await file.getByTestId('send-on').click();
    await page.getByTestId('archive-archive').click();
    await file.getByTestId('export-destinations').waitFor();
    expect(stage.desk.exports[0]?.destinations).toEqual(['archive']);

    await file.getByTestId('send-on').click();
    await page.getByTestId('copy-usb').waitFor();
    expect(await page.getByTestId('copy-share').isDisabled()).toBe(true);
    expect(await page.getByTestId('copy-share').innerText()).toContain('nicht angeschlossen');
    expect(await page.getByTestId('copy-usb').innerText()).toContain('32 GB frei');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('copy-usb').click();
    await file.getByTestId('cancel-copy').click();
    await file.locator('[data-testid=copy-of-usb][data-state=cancelled]').waitFor();
    const [copy] = stage.desk.exports[0]?.copies ?? [];
    tell({ copies: [{ ...copy!, state: 'failed', failure: { code: 'target-full', reason: 'Der Stick ist voll' } }] });
    await file.getByText('Der Stick ist voll').waitFor();
    tell({ copies: [{ ...copy!, state: 'ready', percent: 100, path: 'SmartBox/film.avi' }] });
    await file.locator('[data-testid=copy-of-usb][data-state=ready]').waitFor();
    expect(await file.getByTestId('copy-of-usb').innerText()).toContain('SmartBox/film.avi');
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

describe('a DICOM object for teaching', () => {
  it('keeps what is chosen; refused while text may name the patient, until somebody has looked', async () => {
    const page = await stage.open();
    await page.getByTestId('open-export').click();
    await page.getByTestId('profile-mobile').uncheck();
    expect(await page.getByTestId('teaching-options').count()).toBe(0);
    await page.getByTestId('profile-dicom-teaching').check();
    expect(await page.getByTestId('purpose-teaching').isChecked()).toBe(true);
    expect(await page.getByTestId('purpose-care').isDisabled()).toBe(true);
    await page.getByTestId('retain-dates').selectOption('shifted');
    await page.getByTestId('retainInstitution').check();
    expect(await accessibilityFaults(page)).toEqual([]);
    const exports = `POST /clips/${stage.desk.detail.clipId}/exports`;
    const problem = { type: 'x', title: 'No', status: 422, code: 'burned-in-annotation', detail: 'may carry text' };
    stage.server.overrides.set(exports, { status: 422, body: problem });
    await page.getByTestId('start-export').click();
    const refused = page.getByTestId('export-refused');
    await refused.waitFor();
    expect(await refused.innerText()).toContain('bestätigen Sie dann, dass kein Text den Patienten nennt');
    if (process.env['SCREENS'])
      await page.screenshot({ path: `${process.env['SCREENS']}/editor-export-teaching-de.png` });
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(stage.desk.exports).toEqual([]);

    stage.server.overrides.delete(exports);
    await page.getByTestId('confirm-burned-in').check();
    await page.getByTestId('start-export').click();
    await eventually(() => stage.desk.exports.length).toBe(1);
    const [job] = stage.desk.exports;
    expect(job).toMatchObject({
      profile: 'dicom-teaching',
      purpose: 'teaching',
      deidentify: { retainDates: 'shifted', retainInstitution: true, retainDevice: false, confirmBurnedIn: true },
    });
    const file = `/api/v1/clips/${stage.desk.detail.clipId}/exports/${job!.renditionId}/file`;
    stage.desk.change(job!.renditionId, { state: 'ready', downloadUrl: file, fileName: 'smartbox-teaching.dcm' });
    stage.server.send({ kind: 'export', export: stage.desk.exports[0]! });
    const item = page.getByTestId(`export-${job!.renditionId}`);
    expect(await item.getByTestId('download').getAttribute('href')).toBe(file);
    expect(await item.innerText()).toContain('DICOM für die Lehre, de-identifiziert');
    await item.getByTestId('send-on').click();
    await page.getByText('De-identifiziert: gehört nicht ins Archiv des Patienten.').waitFor();
  });
});

describe('what a person sees', () => {
  it('the clip’s page: original first, the warning and its curve', async () => {
    stage.desk.withQuality = true;
    const page = await stage.visit(`/recordings/${stage.desk.detail.clipId}`);
    await page.getByTestId('quality-plot').waitFor();
    expect(await page.getByTestId('quality-plot').getAttribute('aria-label')).toContain('Grenze 35');
    expect(await page.getByTestId('quality-warning').innerText()).toContain('quality-low');
    expect(await page.getByTestId('versions').locator('li').first().innerText()).toContain('Original');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('open-editor').click();
    await page.getByTestId('editor').waitFor();
  });

  it.each([
    ['light', 'de-DE'],
    ['dark', 'en-GB'],
  ] as const)('is accessible: %s, %s', async (colorScheme, locale) => {
    const page = await stage.open({ colorScheme, locale });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('i');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByText(locale === 'de-DE' ? 'Bild' : 'Picture', { exact: true }).click();
    await page.getByTestId('recipe-surgery').check();
    await page.locator('[data-testid=preview][data-state=ready]').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByText(locale === 'de-DE' ? 'Verdecken' : 'Conceal', { exact: true }).click();
    await page.getByTestId('add-region').click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('open-export').click();
    await page.getByTestId('start-export').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('has words for every state without a film', async () => {
    const { clipId } = stage.desk.detail;
    stage.server.overrides.set(`GET /clips/${clipId}`, {
      status: 500,
      body: { type: 'x', title: 'Oops', status: 500, code: 'x', detail: 'Die Datenbank ruht' },
    });
    const page = await stage.visit(`/clips/${clipId}/edit`);
    await page.getByTestId('failed').waitFor();
    expect(await page.getByTestId('failed').innerText()).toContain('Die Datenbank ruht');
    stage.server.overrides.set(`GET /clips/${clipId}`, { status: 200, body: { ...stage.desk.detail, kind: 'still' } });
    await page.getByTestId('failed').getByRole('button').click();
    await page.getByText('Ein Standbild kann nicht geschnitten werden.').waitFor();
    stage.server.overrides.set(`GET /clips/${clipId}`, { status: 200, body: { ...stage.desk.detail, sources: [] } });
    await page.reload();
    await page.getByTestId('empty').waitFor();
  });
});
