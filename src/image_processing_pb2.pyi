from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FilterType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NONE: _ClassVar[FilterType]
    GRAYSCALE: _ClassVar[FilterType]
    BLUR: _ClassVar[FilterType]
    SHARPEN: _ClassVar[FilterType]
    EDGE_DETECT: _ClassVar[FilterType]
    SEPIA: _ClassVar[FilterType]
    NEGATIVE: _ClassVar[FilterType]
    BRIGHTNESS: _ClassVar[FilterType]
    CONTRAST: _ClassVar[FilterType]

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PNG: _ClassVar[ImageFormat]
    JPEG: _ClassVar[ImageFormat]
    WEBP: _ClassVar[ImageFormat]
NONE: FilterType
GRAYSCALE: FilterType
BLUR: FilterType
SHARPEN: FilterType
EDGE_DETECT: FilterType
SEPIA: FilterType
NEGATIVE: FilterType
BRIGHTNESS: FilterType
CONTRAST: FilterType
PNG: ImageFormat
JPEG: ImageFormat
WEBP: ImageFormat

class ResizeRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "target_width", "target_height", "maintain_aspect_ratio")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    TARGET_WIDTH_FIELD_NUMBER: _ClassVar[int]
    TARGET_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    MAINTAIN_ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    target_width: int
    target_height: int
    maintain_aspect_ratio: bool
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., target_width: _Optional[int] = ..., target_height: _Optional[int] = ..., maintain_aspect_ratio: _Optional[bool] = ...) -> None: ...

class ResizeResponse(_message.Message):
    __slots__ = ("success", "message", "resized_image", "new_width", "new_height", "processing_time_ms", "report")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RESIZED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    NEW_WIDTH_FIELD_NUMBER: _ClassVar[int]
    NEW_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    resized_image: bytes
    new_width: int
    new_height: int
    processing_time_ms: int
    report: HopReport
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., resized_image: _Optional[bytes] = ..., new_width: _Optional[int] = ..., new_height: _Optional[int] = ..., processing_time_ms: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class ThumbnailRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "size")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    size: int
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., size: _Optional[int] = ...) -> None: ...

class ImageData(_message.Message):
    __slots__ = ("data", "width", "height", "format", "report")
    DATA_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    width: int
    height: int
    format: str
    report: HopReport
    def __init__(self, data: _Optional[bytes] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., format: _Optional[str] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class FilterRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "filter_type", "intensity")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    FILTER_TYPE_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    filter_type: FilterType
    intensity: float
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., filter_type: _Optional[_Union[FilterType, str]] = ..., intensity: _Optional[float] = ...) -> None: ...

class FilterResponse(_message.Message):
    __slots__ = ("success", "message", "filtered_image", "processing_time_ms", "report")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FILTERED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    filtered_image: bytes
    processing_time_ms: int
    report: HopReport
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., filtered_image: _Optional[bytes] = ..., processing_time_ms: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class BatchFilterRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "filters")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    filters: _containers.RepeatedScalarFieldContainer[FilterType]
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., filters: _Optional[_Iterable[_Union[FilterType, str]]] = ...) -> None: ...

class BatchFilterResponse(_message.Message):
    __slots__ = ("success", "message", "filtered_image", "total_processing_time_ms", "report")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FILTERED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    filtered_image: bytes
    total_processing_time_ms: int
    report: HopReport
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., filtered_image: _Optional[bytes] = ..., total_processing_time_ms: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class TextWatermarkRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "text", "position", "font_size", "color", "opacity")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    FONT_SIZE_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    OPACITY_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    text: str
    position: str
    font_size: int
    color: str
    opacity: float
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., text: _Optional[str] = ..., position: _Optional[str] = ..., font_size: _Optional[int] = ..., color: _Optional[str] = ..., opacity: _Optional[float] = ...) -> None: ...

class LogoWatermarkRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "logo_data", "position", "scale", "opacity")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    LOGO_DATA_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OPACITY_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    logo_data: bytes
    position: str
    scale: float
    opacity: float
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., logo_data: _Optional[bytes] = ..., position: _Optional[str] = ..., scale: _Optional[float] = ..., opacity: _Optional[float] = ...) -> None: ...

class WatermarkResponse(_message.Message):
    __slots__ = ("success", "message", "watermarked_image", "processing_time_ms", "report")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    WATERMARKED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    watermarked_image: bytes
    processing_time_ms: int
    report: HopReport
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., watermarked_image: _Optional[bytes] = ..., processing_time_ms: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class FormatRequest(_message.Message):
    __slots__ = ("image_id", "image_data", "format", "quality")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    image_data: bytes
    format: ImageFormat
    quality: int
    def __init__(self, image_id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., quality: _Optional[int] = ...) -> None: ...

class FormatResponse(_message.Message):
    __slots__ = ("success", "message", "formatted_image", "processing_time_ms", "report")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FORMATTED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    formatted_image: bytes
    processing_time_ms: int
    report: HopReport
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., formatted_image: _Optional[bytes] = ..., processing_time_ms: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ...) -> None: ...

class ProcessRequest(_message.Message):
    __slots__ = ("filename", "image_data", "options")
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    filename: str
    image_data: bytes
    options: ProcessingOptions
    def __init__(self, filename: _Optional[str] = ..., image_data: _Optional[bytes] = ..., options: _Optional[_Union[ProcessingOptions, _Mapping]] = ...) -> None: ...

class ProcessingOptions(_message.Message):
    __slots__ = ("target_width", "target_height", "filters", "add_watermark", "watermark_text", "watermark_position", "output_format", "output_quality")
    TARGET_WIDTH_FIELD_NUMBER: _ClassVar[int]
    TARGET_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    ADD_WATERMARK_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_TEXT_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_POSITION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_QUALITY_FIELD_NUMBER: _ClassVar[int]
    target_width: int
    target_height: int
    filters: _containers.RepeatedScalarFieldContainer[FilterType]
    add_watermark: bool
    watermark_text: str
    watermark_position: str
    output_format: ImageFormat
    output_quality: int
    def __init__(self, target_width: _Optional[int] = ..., target_height: _Optional[int] = ..., filters: _Optional[_Iterable[_Union[FilterType, str]]] = ..., add_watermark: _Optional[bool] = ..., watermark_text: _Optional[str] = ..., watermark_position: _Optional[str] = ..., output_format: _Optional[_Union[ImageFormat, str]] = ..., output_quality: _Optional[int] = ...) -> None: ...

class ProcessResponse(_message.Message):
    __slots__ = ("success", "message", "process_id", "processed_image", "stats", "trace")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    process_id: str
    processed_image: bytes
    stats: ProcessingStats
    trace: Trace
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., process_id: _Optional[str] = ..., processed_image: _Optional[bytes] = ..., stats: _Optional[_Union[ProcessingStats, _Mapping]] = ..., trace: _Optional[_Union[Trace, _Mapping]] = ...) -> None: ...

class ProcessingStats(_message.Message):
    __slots__ = ("resize_time_ms", "filter_time_ms", "watermark_time_ms", "format_time_ms", "total_time_ms", "original_size_bytes", "processed_size_bytes")
    RESIZE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FILTER_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROCESSED_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    resize_time_ms: int
    filter_time_ms: int
    watermark_time_ms: int
    format_time_ms: int
    total_time_ms: int
    original_size_bytes: int
    processed_size_bytes: int
    def __init__(self, resize_time_ms: _Optional[int] = ..., filter_time_ms: _Optional[int] = ..., watermark_time_ms: _Optional[int] = ..., format_time_ms: _Optional[int] = ..., total_time_ms: _Optional[int] = ..., original_size_bytes: _Optional[int] = ..., processed_size_bytes: _Optional[int] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ("process_id",)
    PROCESS_ID_FIELD_NUMBER: _ClassVar[int]
    process_id: str
    def __init__(self, process_id: _Optional[str] = ...) -> None: ...

class StatusResponse(_message.Message):
    __slots__ = ("process_id", "status", "progress_percent", "current_stage", "stats")
    PROCESS_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STAGE_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    process_id: str
    status: str
    progress_percent: int
    current_stage: str
    stats: ProcessingStats
    def __init__(self, process_id: _Optional[str] = ..., status: _Optional[str] = ..., progress_percent: _Optional[int] = ..., current_stage: _Optional[str] = ..., stats: _Optional[_Union[ProcessingStats, _Mapping]] = ...) -> None: ...

class NumberList(_message.Message):
    __slots__ = ("numbers",)
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    numbers: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, numbers: _Optional[_Iterable[float]] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ("bool_value", "int_value", "float_value", "string_value", "bytes_value", "numbers_value")
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    BYTES_VALUE_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_VALUE_FIELD_NUMBER: _ClassVar[int]
    bool_value: bool
    int_value: int
    float_value: float
    string_value: str
    bytes_value: bytes
    numbers_value: NumberList
    def __init__(self, bool_value: _Optional[bool] = ..., int_value: _Optional[int] = ..., float_value: _Optional[float] = ..., string_value: _Optional[str] = ..., bytes_value: _Optional[bytes] = ..., numbers_value: _Optional[_Union[NumberList, _Mapping]] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("name", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    parameters: _containers.MessageMap[str, Value]
    def __init__(self, name: _Optional[str] = ..., parameters: _Optional[_Mapping[str, Value]] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("format", "quality", "lossless", "background", "effort", "progressive", "subsampling", "colors", "frames", "keep", "accept")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    LOSSLESS_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    PROGRESSIVE_FIELD_NUMBER: _ClassVar[int]
    SUBSAMPLING_FIELD_NUMBER: _ClassVar[int]
    COLORS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_FIELD_NUMBER: _ClassVar[int]
    format: str
    quality: int
    lossless: bool
    background: str
    effort: str
    progressive: bool
    subsampling: str
    colors: int
    frames: str
    keep: _containers.RepeatedScalarFieldContainer[str]
    accept: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, format: _Optional[str] = ..., quality: _Optional[int] = ..., lossless: _Optional[bool] = ..., background: _Optional[str] = ..., effort: _Optional[str] = ..., progressive: _Optional[bool] = ..., subsampling: _Optional[str] = ..., colors: _Optional[int] = ..., frames: _Optional[str] = ..., keep: _Optional[_Iterable[str]] = ..., accept: _Optional[_Iterable[str]] = ...) -> None: ...

class Rendition(_message.Message):
    __slots__ = ("name", "operations", "output")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    name: str
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    output: Output
    def __init__(self, name: _Optional[str] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., output: _Optional[_Union[Output, _Mapping]] = ...) -> None: ...

class Pipeline(_message.Message):
    __slots__ = ("operations", "output", "renditions")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    output: Output
    renditions: _containers.RepeatedCompositeFieldContainer[Rendition]
    def __init__(self, operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., output: _Optional[_Union[Output, _Mapping]] = ..., renditions: _Optional[_Iterable[_Union[Rendition, _Mapping]]] = ...) -> None: ...

class Rendered(_message.Message):
    __slots__ = ("name", "data", "format", "width", "height", "frames")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    name: str
    data: bytes
    format: str
    width: int
    height: int
    frames: int
    def __init__(self, name: _Optional[str] = ..., data: _Optional[bytes] = ..., format: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., frames: _Optional[int] = ...) -> None: ...

class Shared(_message.Message):
    __slots__ = ("name", "bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    bytes: int
    def __init__(self, name: _Optional[str] = ..., bytes: _Optional[int] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("width", "height", "channels", "pixels", "frames", "delays_ms", "loop", "icc", "exif", "xmp", "source_width", "source_height", "shared")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    DELAYS_MS_FIELD_NUMBER: _ClassVar[int]
    LOOP_FIELD_NUMBER: _ClassVar[int]
    ICC_FIELD_NUMBER: _ClassVar[int]
    EXIF_FIELD_NUMBER: _ClassVar[int]
    XMP_FIELD_NUMBER: _ClassVar[int]
    SOURCE_WIDTH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    channels: int
    pixels: bytes
    frames: int
    delays_ms: _containers.RepeatedScalarFieldContainer[int]
    loop: int
    icc: bytes
    exif: bytes
    xmp: bytes
    source_width: int
    source_height: int
    shared: Shared
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., channels: _Optional[int] = ..., pixels: _Optional[bytes] = ..., frames: _Optional[int] = ..., delays_ms: _Optional[_Iterable[int]] = ..., loop: _Optional[int] = ..., icc: _Optional[bytes] = ..., exif: _Optional[bytes] = ..., xmp: _Optional[bytes] = ..., source_width: _Optional[int] = ..., source_height: _Optional[int] = ..., shared: _Optional[_Union[Shared, _Mapping]] = ...) -> None: ...

class Reading(_message.Message):
    __slots__ = ("first_frame", "keep", "at_least_width", "at_least_height")
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_WIDTH_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    first_frame: bool
    keep: _containers.RepeatedScalarFieldContainer[str]
    at_least_width: int
    at_least_height: int
    def __init__(self, first_frame: _Optional[bool] = ..., keep: _Optional[_Iterable[str]] = ..., at_least_width: _Optional[int] = ..., at_least_height: _Optional[int] = ...) -> None: ...

class StageRequest(_message.Message):
    __slots__ = ("request_id", "encoded", "frame", "shared", "operations", "output", "reading", "renditions", "cost_s", "answer_in")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    COST_S_FIELD_NUMBER: _ClassVar[int]
    ANSWER_IN_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    encoded: bytes
    frame: Frame
    shared: Shared
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    output: Output
    reading: Reading
    renditions: _containers.RepeatedCompositeFieldContainer[Rendition]
    cost_s: float
    answer_in: str
    def __init__(self, request_id: _Optional[str] = ..., encoded: _Optional[bytes] = ..., frame: _Optional[_Union[Frame, _Mapping]] = ..., shared: _Optional[_Union[Shared, _Mapping]] = ..., operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., output: _Optional[_Union[Output, _Mapping]] = ..., reading: _Optional[_Union[Reading, _Mapping]] = ..., renditions: _Optional[_Iterable[_Union[Rendition, _Mapping]]] = ..., cost_s: _Optional[float] = ..., answer_in: _Optional[str] = ...) -> None: ...

class StageResponse(_message.Message):
    __slots__ = ("encoded", "frame", "error", "not_shared", "shared", "width", "height", "report", "renditions", "format", "frames")
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    NOT_SHARED_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    encoded: bytes
    frame: Frame
    error: Error
    not_shared: bool
    shared: Shared
    width: int
    height: int
    report: HopReport
    renditions: _containers.RepeatedCompositeFieldContainer[Rendered]
    format: str
    frames: int
    def __init__(self, encoded: _Optional[bytes] = ..., frame: _Optional[_Union[Frame, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., not_shared: _Optional[bool] = ..., shared: _Optional[_Union[Shared, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., report: _Optional[_Union[HopReport, _Mapping]] = ..., renditions: _Optional[_Iterable[_Union[Rendered, _Mapping]]] = ..., format: _Optional[str] = ..., frames: _Optional[int] = ...) -> None: ...

class HopReport(_message.Message):
    __slots__ = ("instance", "pool", "operations", "decode_us", "operations_us", "encode_us", "queue_us", "transfer_us", "bytes_in", "bytes_out", "attempts", "rendition", "started_us")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    DECODE_US_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_US_FIELD_NUMBER: _ClassVar[int]
    ENCODE_US_FIELD_NUMBER: _ClassVar[int]
    QUEUE_US_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_US_FIELD_NUMBER: _ClassVar[int]
    BYTES_IN_FIELD_NUMBER: _ClassVar[int]
    BYTES_OUT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    RENDITION_FIELD_NUMBER: _ClassVar[int]
    STARTED_US_FIELD_NUMBER: _ClassVar[int]
    instance: str
    pool: str
    operations: _containers.RepeatedScalarFieldContainer[str]
    decode_us: int
    operations_us: _containers.RepeatedScalarFieldContainer[int]
    encode_us: int
    queue_us: int
    transfer_us: int
    bytes_in: int
    bytes_out: int
    attempts: int
    rendition: str
    started_us: int
    def __init__(self, instance: _Optional[str] = ..., pool: _Optional[str] = ..., operations: _Optional[_Iterable[str]] = ..., decode_us: _Optional[int] = ..., operations_us: _Optional[_Iterable[int]] = ..., encode_us: _Optional[int] = ..., queue_us: _Optional[int] = ..., transfer_us: _Optional[int] = ..., bytes_in: _Optional[int] = ..., bytes_out: _Optional[int] = ..., attempts: _Optional[int] = ..., rendition: _Optional[str] = ..., started_us: _Optional[int] = ...) -> None: ...

class Trace(_message.Message):
    __slots__ = ("request_id", "hops", "queue_us", "total_us")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_US_FIELD_NUMBER: _ClassVar[int]
    TOTAL_US_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    hops: _containers.RepeatedCompositeFieldContainer[HopReport]
    queue_us: int
    total_us: int
    def __init__(self, request_id: _Optional[str] = ..., hops: _Optional[_Iterable[_Union[HopReport, _Mapping]]] = ..., queue_us: _Optional[int] = ..., total_us: _Optional[int] = ...) -> None: ...

class RunPipelineRequest(_message.Message):
    __slots__ = ("id", "image_data", "pipeline", "pipeline_text", "placement")
    ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_TEXT_FIELD_NUMBER: _ClassVar[int]
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    id: str
    image_data: bytes
    pipeline: Pipeline
    pipeline_text: str
    placement: str
    def __init__(self, id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., pipeline: _Optional[_Union[Pipeline, _Mapping]] = ..., pipeline_text: _Optional[str] = ..., placement: _Optional[str] = ...) -> None: ...

class RunPipelineResponse(_message.Message):
    __slots__ = ("id", "image_data", "format", "width", "height", "trace", "error", "frames", "renditions")
    ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_DATA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    RENDITIONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    image_data: bytes
    format: str
    width: int
    height: int
    trace: Trace
    error: Error
    frames: int
    renditions: _containers.RepeatedCompositeFieldContainer[Rendered]
    def __init__(self, id: _Optional[str] = ..., image_data: _Optional[bytes] = ..., format: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., trace: _Optional[_Union[Trace, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., frames: _Optional[int] = ..., renditions: _Optional[_Iterable[_Union[Rendered, _Mapping]]] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class DescribeFleetRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeFleetResponse(_message.Message):
    __slots__ = ("instances", "orchestrator", "queued")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATOR_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[InstanceInfo]
    orchestrator: InstanceInfo
    queued: int
    def __init__(self, instances: _Optional[_Iterable[_Union[InstanceInfo, _Mapping]]] = ..., orchestrator: _Optional[_Union[InstanceInfo, _Mapping]] = ..., queued: _Optional[int] = ...) -> None: ...

class DescribeInstanceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InstanceInfo(_message.Message):
    __slots__ = ("pool", "name", "address", "pid", "healthy", "calls", "in_flight", "problem", "version", "operations", "uptime_s", "custom", "machine", "machine_cores", "cores", "id", "shared_memory", "cpu_s", "rss_bytes", "queued", "p50_us", "p99_us", "memory_limit_bytes")
    POOL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    MACHINE_CORES_FIELD_NUMBER: _ClassVar[int]
    CORES_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SHARED_MEMORY_FIELD_NUMBER: _ClassVar[int]
    CPU_S_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    P50_US_FIELD_NUMBER: _ClassVar[int]
    P99_US_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    pool: str
    name: str
    address: str
    pid: int
    healthy: bool
    calls: int
    in_flight: int
    problem: str
    version: str
    operations: _containers.RepeatedScalarFieldContainer[str]
    uptime_s: int
    custom: _containers.RepeatedCompositeFieldContainer[CustomOperation]
    machine: str
    machine_cores: int
    cores: int
    id: str
    shared_memory: str
    cpu_s: float
    rss_bytes: int
    queued: int
    p50_us: int
    p99_us: int
    memory_limit_bytes: int
    def __init__(self, pool: _Optional[str] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., pid: _Optional[int] = ..., healthy: _Optional[bool] = ..., calls: _Optional[int] = ..., in_flight: _Optional[int] = ..., problem: _Optional[str] = ..., version: _Optional[str] = ..., operations: _Optional[_Iterable[str]] = ..., uptime_s: _Optional[int] = ..., custom: _Optional[_Iterable[_Union[CustomOperation, _Mapping]]] = ..., machine: _Optional[str] = ..., machine_cores: _Optional[int] = ..., cores: _Optional[int] = ..., id: _Optional[str] = ..., shared_memory: _Optional[str] = ..., cpu_s: _Optional[float] = ..., rss_bytes: _Optional[int] = ..., queued: _Optional[int] = ..., p50_us: _Optional[int] = ..., p99_us: _Optional[int] = ..., memory_limit_bytes: _Optional[int] = ...) -> None: ...

class CustomOperation(_message.Message):
    __slots__ = ("name", "pool", "parameters")
    NAME_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    pool: str
    parameters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., pool: _Optional[str] = ..., parameters: _Optional[_Iterable[str]] = ...) -> None: ...
