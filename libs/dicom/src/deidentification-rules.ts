/**
 * The attributes of PS3.15 table E.1-1 that a still or a video can have, by what the basic profile does with them.
 * Every attribute of VR PN is emptied and every UID replaced besides, whatever its name; private ones are removed.
 * Beyond the table go the codes of the order: their meanings are the information system's own words.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** X: removed. */
export const remove = words(`
  AcquisitionComments AcquisitionDeviceProcessingDescription AcquisitionProtocolDescription
  ActualHumanPerformersSequence AdditionalPatientHistory AddressTrial AdmissionID AdmittingDate AdmittingDiagnosesCodeSequence
  AdmittingDiagnosesDescription AdmittingTime AffectedSOPInstanceUID Allergies AuthorObserverSequence BranchOfService
  CassetteID CommentsOnThePerformedProcedureStep ConfidentialityConstraintOnPatientDataDescription ConsultingPhysicianIdentificationSequence
  ConsultingPhysicianName ContentCreatorIdentificationCodeSequence ContrastBolusAgent ContributionDescription
  CountryOfResidence CurrentObserverTrial CurrentPatientLocation CustodialOrganizationSequence DataSetTrailingPadding
  DerivationDescription DeviceDescription DigitalSignaturesSequence DigitalSignatureUID DischargeDiagnosisDescription
  DistributionAddress DistributionName EthnicGroup ExpectedCompletionDateTime FrameComments GraphicAnnotationSequence
  HumanPerformerName HumanPerformerOrganization IconImageSequence IdentifyingComments ImageComments ImagePresentationComments
  ImagingServiceRequestComments Impressions InsurancePlanIdentification
  IntendedRecipientsOfResultsIdentificationSequence InterpretationApproverSequence InterpretationAuthor
  InterpretationDiagnosisDescription InterpretationIDIssuer InterpretationRecorder InterpretationText
  InterpretationTranscriber IssuerOfAccessionNumberSequence IssuerOfAdmissionID IssuerOfAdmissionIDSequence IssuerOfPatientID
  IssuerOfPatientIDQualifiersSequence IssuerOfServiceEpisodeID IssuerOfServiceEpisodeIDSequence LastMenstrualDate MAC
  MedicalAlerts MedicalRecordLocator MilitaryRank ModifiedAttributesSequence ModifiedImageDescription
  NamesOfIntendedRecipientsOfResults Occupation OriginalAttributesSequence OrderCallbackPhoneNumber OrderCallbackTelecomInformation
  OrderEnteredBy OrderEntererLocation OtherPatientIDs OtherPatientIDsSequence OtherPatientNames ParticipantSequence
  PatientAddress PatientAge PatientBirthName PatientBirthTime PatientComments PatientInstitutionResidence
  PatientInsurancePlanCodeSequence PatientMotherBirthName PatientPrimaryLanguageCodeSequence PatientReligiousPreference
  PatientSexNeutered PatientSize PatientState PatientTelecomInformation PatientTelephoneNumbers PatientTransportArrangements
  PatientWeight PerformedLocation PerformedProcedureStepDescription PerformedProcedureStepID PerformedStationAETitle
  PerformedStationGeographicLocationCodeSequence PerformedStationName PerformedStationNameCodeSequence
  PerformingPhysicianIdentificationSequence PersonAddress PersonTelecomInformation PersonTelephoneNumbers
  PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence PhysiciansReadingStudyIdentificationSequence
  PhysicianApprovingInterpretation PreMedication PregnancyStatus ProtocolName ReasonForStudy ReasonForTheImagingServiceRequest
  ReasonForTheRequestedProcedure ReferencedDigitalSignatureSequence ReferencedPatientAliasSequence ReferencedPatientPhotoSequence
  ReferencedPatientSequence ReferencedSOPInstanceMACSequence ReferringPhysicianAddress
  ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers RegionOfResidence RequestAttributesSequence
  RequestedContrastAgent RequestedProcedureComments RequestedProcedureDescription RequestedProcedureID RequestedProcedureLocation
  RequestingPhysician RequestingService ResponsibleOrganization ResponsiblePerson ResultsComments ResultsDistributionListSequence
  ResultsIDIssuer ScheduledHumanPerformersSequence ScheduledPatientInstitutionResidence
  ScheduledPerformingPhysicianIdentificationSequence ScheduledPerformingPhysicianName ScheduledProcedureStepDescription
  ScheduledProcedureStepLocation ScheduledStationAETitle ScheduledStationName ScheduledStudyLocation
  ScheduledStudyLocationAETitle SeriesDescription ServiceEpisodeDescription ServiceEpisodeID SmokingStatus
  SourceOfPreviousValues SpecialNeeds StudyComments StudyDescription StudyIDIssuer TelephoneNumberTrial TextComments
  TextString TimezoneOffsetFromUTC TopicAuthor TopicKeywords TopicSubject TopicTitle VerifyingOrganization VisitComments
  DetectorID DeviceSerialNumber DeviceUID GantryID GeneratorID PlateID StationName ScheduledStationNameCodeSequence
  InstitutionalDepartmentName InstitutionAddress InstitutionCodeSequence InstitutionName OperatorIdentificationSequence
  OperatorsName PerformingPhysicianName NameOfPhysiciansReadingStudy
  GPSLatitude GPSLongitude GPSAltitude GPSTimeStamp GPSDateStamp InstanceOriginStatus
  ReferencedStudySequence ReferencedPerformedProcedureStepSequence ProcedureCodeSequence PerformedProtocolCodeSequence`);

/** Z: present, without a value. */
export const empty = words(`
  AccessionNumber AcquisitionContextSequence PatientBirthDate PatientSex ReferringPhysicianName StudyID FillerOrderNumberImagingServiceRequest
  PlacerOrderNumberImagingServiceRequest PersonName PatientName PatientID`);

/** Kept by the Retain Device Identity Option (PS3.15 E.3.8). */
export const device = words(`
  CassetteID DetectorID DeviceDescription DeviceSerialNumber DeviceUID GantryID GeneratorID PlateID StationName
  PerformedStationAETitle PerformedStationName PerformedStationNameCodeSequence ScheduledStationAETitle ScheduledStationName`);

/** Kept by the Retain Institution Identity Option (E.3.11). */
export const institution = words(`
  InstitutionName InstitutionAddress InstitutionCodeSequence InstitutionalDepartmentName`);

/** Kept by the Retain Patient Characteristics Option (E.3.7). */
export const patientCharacteristics = words(`
  PatientAge PatientSex PatientSexNeutered PatientSize PatientWeight EthnicGroup SmokingStatus PregnancyStatus`);

/** Dates and times of type 2 in our IODs: emptied, not removed. */
export const datesKeptEmpty = words(`PatientBirthDate StudyDate StudyTime`);

/** D: of type 1C in the VL Image Module, a value that says nothing. */
export const dummies: Readonly<Record<string, string>> = { ContentDate: '19000101', ContentTime: '000000' };
