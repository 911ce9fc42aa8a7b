"""An information system made of pynetdicom: takes MPPS N-CREATE and N-SET, keeps the steps as PS3.4 section F.7.2 says.

mpps-scp.py PORT AE_TITLE. Prints a line of JSON when it listens, and one for each message: what it was, the status
that it was answered with, and the step as it is kept by then (the DICOM JSON model).
"""

import json
import sys
import threading

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName, validate_value
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityPerformedProcedureStep

# It would count bytes of text that is not decoded yet: `checked` validates what was decoded.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
port, title = int(sys.argv[1]), sys.argv[2]
steps = {}
lock = threading.Lock()


def say(**what):
    print(json.dumps(what), flush=True)


def checked(elements):
    """Every value is decoded, and one that its VR of the dictionary allows (PS3.5 section 6.2)."""
    elements.decode()
    for element in elements.iterall():
        try:
            if element.VR != dictionary_VR(element.tag):
                raise ValueError(f"its VR is {element.VR}")
            values = element.value if isinstance(element.value, MultiValue) else [element.value]
            for value in values:
                if isinstance(value, (str, PersonName)):
                    validate_value(element.VR, str(value), pydicom.config.RAISE)
        except ValueError as error:
            say(kind="refused", error=f"{element.tag}: {error}")
            raise
    return elements


def answer(kind, uid, status, step):
    say(kind=kind, uid=uid, status=status, step=step.to_json_dict() if step is not None else None)
    return status, step


def create(event):
    uid = event.request.AffectedSOPInstanceUID
    with lock:
        if uid in steps:
            return answer("create", uid, 0x0111, None)
        step = checked(event.attribute_list)
        if step.PerformedProcedureStepStatus != "IN PROGRESS":
            return answer("create", uid, 0x0106, None)
        if not step.ScheduledStepAttributesSequence or not step.PerformedProcedureStepID:
            return answer("create", uid, 0x0120, None)
        steps[uid] = step
        return answer("create", uid, 0x0000, step)


def change(event):
    uid = event.request.RequestedSOPInstanceUID
    with lock:
        step = steps.get(uid)
        if step is None:
            return answer("set", uid, 0x0112, None)
        if step.PerformedProcedureStepStatus != "IN PROGRESS":
            return answer("set", uid, 0x0110, None)
        step.update(checked(event.modification_list))
        return answer("set", uid, 0x0000, step)


ae = AE(ae_title=title)
ae.require_called_aet = True
ae.add_supported_context(ModalityPerformedProcedureStep)
server = ae.start_server(
    ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_N_CREATE, create), (evt.EVT_N_SET, change)]
)
say(kind="listening", pynetdicom=__import__("pynetdicom").__version__)
sys.stdin.read()  # until whoever started it is gone
server.shutdown()
