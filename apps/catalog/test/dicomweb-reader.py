"""Reads an archive as pydicom's `dicomweb-client` does, and prints what it got as JSON.

Arguments: address of the service, patient id, and the SOP instance UIDs of a video and of a still of one series each.
"""
import hashlib
import json
import sys

from urllib.parse import urlsplit

from dicomweb_client.api import DICOMwebClient

url, patient, film, still = sys.argv[1:]
client = DICOMwebClient(url)
# It names the host without its port, so that addresses in answers would lead to port 80: here there is no proxy there.
client.host = urlsplit(url).netloc
sha256 = lambda data: hashlib.sha256(data).hexdigest()
STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"


def of(dataset, tag):
    return dataset[tag]["Value"][0]


studies = client.search_for_studies(search_filters={"PatientID": patient})
study = of(studies[0], STUDY)
series = client.search_for_series(study)
instances = client.search_for_instances(study, fields=["NumberOfFrames"])
series_of = {of(each, INSTANCE): of(each, SERIES) for each in instances}
found = {}
for name, uid in (("film", film), ("still", still)):
    at = (study, series_of[uid], uid)
    metadata = client.retrieve_instance_metadata(*at)
    bulk = metadata["7FE00010"]["BulkDataURI"]
    dataset = client.retrieve_instance(*at)
    media = "video/mp4" if name == "film" else "image/jpeg"
    found[name] = {
        "patient": str(dataset.PatientName),
        "frames": int(dataset.get("NumberOfFrames", 1)),
        "syntax": dataset.file_meta.TransferSyntaxUID,
        "metadata": of(metadata, INSTANCE),
        "frame": sha256(client.retrieve_instance_frames(*at, [1], media_types=(media,))[0]),
        "rendered": sha256(client.retrieve_instance_rendered(*at, media_types=(media,))),
        "bulk": sha256(client.retrieve_bulkdata(bulk, media_types=(media,))[0]),
        "range": sha256(client.retrieve_bulkdata(bulk, media_types=(media,), byte_range=(100, 199))[0]),
        "thumbnail": len(client.retrieve_instance_rendered(*at, media_types=("image/jpeg",))),
    }
print(json.dumps({"studies": len(studies), "series": len(series), "instances": len(instances), **found}))
