"""What GB/T 33190-2016 says of every element, in one table (结构表).

A line is: name, what stands in it in order, its attributes. In the content `?` is at most one, `*`
any number, `+` at least one, `(A|B)` one of them; `Name:Other` has the content of another line or
a simple type. An attribute with `!` is required; values between `|` are all that is allowed. Lines
that begin with a small letter are shared by others.

Sources: GB/T 33190-2016 §7 to §20 and Annex A; values that GM/T 0099-2020 (references by SM3,
protocol version, parameters), GB/T 42133-2022 (document type) and usual versions add are allowed.
"""

from __future__ import annotations

_TRUTH = "bool"
_GRAPHIC = (
    "Boundary:box! Name:str Visible:bool CTM:array6 DrawParam:ref LineWidth:num "
    "Cap:Butt|Round|Square Join:Miter|Round|Bevel MiterLimit:num DashOffset:num "
    "DashPattern:array Alpha:int"
)
_TEXT = (
    "Font:ref! Size:num! Stroke:bool Fill:bool HScale:num ReadDirection:int CharDirection:int "
    "Weight:int Italic:bool"
)
_PATH = "Stroke:bool Fill:bool Rule:NonZero|Even-Odd"
_DRAWN = "(TextObject|PathObject|ImageObject|CompositeObject|PageBlock)*"
_GRAPHIC_PARTS = "Actions? Clips?"
_TEXT_PARTS = f"{_GRAPHIC_PARTS} FillColor:Color? StrokeColor:Color? (CGTransform|TextCode)+"
_PATH_PARTS = f"{_GRAPHIC_PARTS} StrokeColor:Color? FillColor:Color? AbbreviatedData:path"
_SHADING = "MapType:Direct|Repeat|Reflect MapUnit:num"

TABLE: tuple[tuple[str, str, str], ...] = (
    # OFD.xml
    ("OFD", "DocBody+", "Version:1.0|1.1|1.2! DocType:OFD|OFD-A|OFD-H!"),
    ("DocBody", "DocInfo DocRoot:loc Versions? Signatures:loc?", ""),
    (
        "DocInfo",
        (
            "DocID:str Title:str? Author:str? Subject:str? Abstract:str? CreationDate:date? "
            "ModDate:date? DocUsage:str? Cover:loc? Keywords? Creator:str? CreatorVersion:str? "
            "CustomDatas?"
        ),
        "",
    ),
    ("Keywords", "Keyword:str+", ""),
    ("CustomDatas", "CustomData+", ""),
    ("CustomData", "=str", "Name:str!"),
    ("Versions", "Version+", ""),
    ("Version", "", "ID:xid! Index:int! Current:bool BaseLoc:loc!"),
    # Version.xml
    ("DocVersion", "FileList DocRoot:loc", "ID:xid! Version:str Name:str CreationDate:date"),
    ("FileList", "File+", ""),
    ("File", "=loc", "ID:xid!"),
    # Document.xml
    (
        "Document",
        (
            "CommonData Pages Outlines? Permissions? Actions? VPreferences? Bookmarks? "
            "Annotations:loc? CustomTags:loc? Attachments:loc? Extensions:loc?"
        ),
        "",
    ),
    (
        "CommonData",
        "MaxUnitID:id PageArea:Area PublicRes:loc* DocumentRes:loc* TemplatePage* DefaultCS:ref?",
        "",
    ),
    ("Area", "PhysicalBox:box ApplicationBox:box? ContentBox:box? BleedBox:box?", ""),
    ("TemplatePage", "", "ID:id! Name:str ZOrder:Background|Foreground BaseLoc:loc!"),
    ("Pages", "Page:PageRef+", ""),
    ("PageRef", "", "ID:id! BaseLoc:loc!"),
    ("Outlines", "OutlineElem+", ""),
    ("OutlineElem", "Actions? OutlineElem*", "Title:str! Count:int Expanded:bool"),
    (
        "Permissions",
        (
            "Edit:bool? Annot:bool? Export:bool? Signature:bool? Watermark:bool? PrintScreen:bool? "
            "Print? ValidPeriod?"
        ),
        "",
    ),
    ("Print", "", "Printable:bool! Copies:int"),
    ("ValidPeriod", "", "StartDate:datetime EndDate:datetime"),
    (
        "VPreferences",
        (
            "PageMode:str? PageLayout:str? TabDisplay:str? HideToolbar:bool? HideMenubar:bool? "
            "HideWindowUI:bool? (ZoomMode:str|Zoom:num)?"
        ),
        "",
    ),
    ("Bookmarks", "Bookmark:Mark+", ""),
    ("Mark", "Dest", "Name:str!"),
    (
        "Dest",
        "",
        "Type:XYZ|Fit|FitH|FitV|FitR! PageID:ref! Left:num Top:num Right:num Bottom:num Zoom:num",
    ),
    # Actions
    ("Actions", "Action+", ""),
    ("Action", "Region? (Goto|URI|GotoA|Sound|Movie)", "Event:DO|PO|CLICK!"),
    ("Goto", "(Dest|Bookmark:MarkRef)", ""),
    ("MarkRef", "", "Name:str!"),
    ("URI", "", "URI:str! Base:str Target:str"),
    ("GotoA", "", "AttachID:xid! NewWindow:bool"),
    ("Sound", "", "ResourceID:ref! Volume:int Repeat:bool Synchronous:bool"),
    ("Movie", "", "ResourceID:ref! Operator:Play|Stop|Pause|Resume"),
    ("Region", "Area:Outline+", ""),
    ("Outline", "(Move|Line|QuadraticBezier|CubicBezier|Arc|Close)+", "Start:pos!"),
    ("Move", "", "Point1:pos!"),
    ("Line", "", "Point1:pos!"),
    ("QuadraticBezier", "", "Point1:pos! Point2:pos!"),
    ("CubicBezier", "", "Point1:pos Point2:pos Point3:pos!"),
    (
        "Arc",
        "",
        "SweepDirection:bool! LargeArc:bool! RotationAngle:num! EllipseSize:array! EndPoint:pos!",
    ),
    ("Close", "", ""),
    # Pages
    ("Page", "Template* PageRes:loc* Area? Content? Actions?", ""),
    ("Template", "", "TemplateID:ref! ZOrder:Background|Foreground"),
    ("Content", "Layer+", ""),
    ("Layer", _DRAWN, "ID:id! Type:Body|Background|Foreground|Custom DrawParam:ref"),
    ("PageBlock", _DRAWN, "ID:id!"),
    ("TextObject", _TEXT_PARTS, f"ID:id! {_GRAPHIC} {_TEXT}"),
    ("PathObject", _PATH_PARTS, f"ID:id! {_GRAPHIC} {_PATH}"),
    (
        "ImageObject",
        f"{_GRAPHIC_PARTS} Border?",
        f"ID:id! {_GRAPHIC} ResourceID:ref! Substitution:ref ImageMask:ref",
    ),
    ("CompositeObject", _GRAPHIC_PARTS, f"ID:id! {_GRAPHIC} ResourceID:ref!"),
    ("CGTransform", "Glyphs:array?", "CodePosition:int! CodeCount:int GlyphCount:int"),
    ("TextCode", "=str", "X:num Y:num DeltaX:deltas DeltaY:deltas"),
    (
        "Border",
        "BorderColor:Color?",
        (
            "LineWidth:num HorizonalCornerRadius:num VerticalCornerRadius:num DashOffset:num "
            "DashPattern:array"
        ),
    ),
    ("Clips", "Clip+", ""),
    ("Clip", "Area:ClipArea+", ""),
    ("ClipArea", "(Path:ClipPath|Text:ClipText)", "DrawParam:ref CTM:array6"),
    ("ClipPath", _PATH_PARTS, f"{_GRAPHIC} {_PATH}"),
    ("ClipText", _TEXT_PARTS, f"{_GRAPHIC} {_TEXT}"),
    (
        "Color",
        "(Pattern|AxialShd|RadialShd|GouraudShd|LaGouraudShd:Lattice|LaGourandShd:Lattice)?",
        "Value:colour Index:int ColorSpace:ref Alpha:int",
    ),
    (
        "Pattern",
        "CellContent",
        (
            "Width:num! Height:num! XStep:num YStep:num "
            "ReflectMethod:Normal|Row|Column|RowAndColumn RelativeTo:Page|Object CTM:array6"
        ),
    ),
    ("CellContent", _DRAWN, "Thumbnail:ref"),
    (
        "AxialShd",
        "Segment{2}",
        f"{_SHADING} Extend:0|1|2|3 StartPoint:pos! EndPoint:pos!",
    ),
    (
        "RadialShd",
        "Segment{2}",
        (
            f"{_SHADING} Eccentricity:num Angle:num StartPoint:pos! StartRadius:num EndPoint:pos! "
            "EndRadius:num! Extend:int"
        ),
    ),
    ("Segment", "Color", "Position:num"),
    ("GouraudShd", "Point{3} BackColor:Color?", "Extend:int"),
    ("Lattice", "Point{4} BackColor:Color?", "VerticesPerRow:int! Extend:int"),
    ("Point", "Color", "X:num Y:num EdgeFlag:0|1|2"),
    # Res.xml
    (
        "Res",
        "(ColorSpaces|DrawParams|Fonts|MultiMedias|CompositeGraphicUnits)*",
        "BaseLoc:str!",
    ),
    ("ColorSpaces", "ColorSpace+", ""),
    (
        "ColorSpace",
        "Palette?",
        "ID:id! Type:GRAY|RGB|CMYK! BitsPerComponent:int Profile:loc",
    ),
    ("Palette", "CV:array+", ""),
    ("DrawParams", "DrawParam+", ""),
    (
        "DrawParam",
        "FillColor:Color? StrokeColor:Color?",
        (
            "ID:id! Relative:ref LineWidth:num Join:str Cap:str DashOffset:num DashPattern:array "
            "MiterLimit:num"
        ),
    ),
    ("Fonts", "Font+", ""),
    (
        "Font",
        "FontFile:loc?",
        (
            "ID:id! FontName:str! FamilyName:str "
            "Charset:symbol|prc|big5|shift-jis|wansung|johab|unicode "
            "Italic:bool Bold:bool Serif:bool FixedWidth:bool"
        ),
    ),
    ("MultiMedias", "MultiMedia+", ""),
    ("MultiMedia", "MediaFile:loc", "ID:id! Type:Image|Audio|Video! Format:str"),
    ("CompositeGraphicUnits", "CompositeGraphicUnit+", ""),
    (
        "CompositeGraphicUnit",
        "Thumbnail:ref? Substitution:ref? Content:UnitContent",
        "ID:id! Width:num! Height:num!",
    ),
    ("UnitContent", _DRAWN, ""),
    # Annotations, attachments, tags, extensions
    ("Annotations", "Page:NotedPage*", ""),
    ("NotedPage", "FileLoc:loc", "PageID:ref!"),
    ("PageAnnot", "Annot+", ""),
    (
        "Annot",
        "Remark:str? Parameters? Appearance",
        (
            "ID:id! Type:Link|Path|Highlight|Stamp|Watermark! Creator:str! LastModDate:date! "
            "Visible:bool Subtype:str Print:bool NoZoom:bool NoRotate:bool ReadOnly:bool"
        ),
    ),
    ("Parameters", "Parameter+", ""),
    ("Parameter", "=str", "Name:str! Type:str"),
    ("Appearance", _DRAWN, "Boundary:box"),
    ("Attachments", "Attachment*", ""),
    (
        "Attachment",
        "FileLoc:loc",
        (
            "ID:xid! Name:str! Format:str CreationDate:datetime ModDate:datetime Size:num "
            "Visible:bool Usage:str"
        ),
    ),
    ("CustomTags", "CustomTag*", ""),
    ("CustomTag", "SchemaLoc:loc? FileLoc:loc", "NameSpace:str!"),
    ("Extensions", "Extension+", ""),
    (
        "Extension",
        "(Property|Data:any|ExtendData:loc)+",
        "AppName:str! Company:str AppVersion:str Date:datetime RefId:ref!",
    ),
    ("Property", "=str", "Name:str! Type:str"),
    # Signatures
    ("Signatures", "MaxSignId:xid? Signature:SignLine*", ""),
    ("SignLine", "", "ID:xid! Type:Seal|Sign BaseLoc:loc! Relative:str"),
    ("Signature", "SignedInfo SignedValue:loc", ""),
    (
        "SignedInfo",
        (
            "Provider SignatureMethod:str? SignatureDateTime:str? Parameters? References "
            "StampAnnot* Seal?"
        ),
        "",
    ),
    ("Provider", "", "ProviderName:str! Version:str Company:str ProtocolVer:str ExtendData:str"),
    (
        "References",
        "Reference+",
        "CheckMethod:MD5|SHA1|SM3|1.2.156.10197.1.401",
    ),
    ("Reference", "CheckValue:base64", "FileRef:loc!"),
    ("StampAnnot", "", "ID:xid! PageRef:ref! Boundary:box! Clip:box"),
    ("Seal", "BaseLoc:loc ImageLoc:loc?", ""),
)

ROOTS = frozenset({
    "OFD", "DocVersion", "Document", "Page", "Res", "Annotations", "PageAnnot", "Attachments",
    "CustomTags", "Extensions", "Signatures", "Signature",
})  # fmt: skip
