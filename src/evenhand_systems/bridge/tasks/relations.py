"""Facts of one word each that a language model may know: sentences that break off before the answer.

Written by hand from general knowledge, with subjects and answers of one word each. Whether a source knows one of them
is found out by asking it: an item set holds those alone that it completes rightly.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """Subjects and their answers.

    Attributes:
        name: of the relation.
        frames: sentences with ``{}`` for the subject, which break off before the answer.
        pairs: ``subject answer`` for each fact, as one text.
    """

    name: str
    frames: tuple[str, ...]
    pairs: str

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Subject and answer of each fact."""
        words = self.pairs.split()
        return tuple(zip(words[::2], words[1::2], strict=True))


RELATIONS = (
    Relation(
        "capital",
        ("The capital of {} is", "The capital city of {} is called",),
        """
        France Paris Germany Berlin Italy Rome Spain Madrid Portugal Lisbon England London Scotland Edinburgh
        Ireland Dublin Wales Cardiff Norway Oslo Sweden Stockholm Denmark Copenhagen Finland Helsinki
        Iceland Reykjavik Poland Warsaw Austria Vienna Hungary Budapest Greece Athens Turkey Ankara
        Russia Moscow Ukraine Kiev Romania Bucharest Bulgaria Sofia Serbia Belgrade Croatia Zagreb
        Slovakia Bratislava Slovenia Ljubljana Switzerland Bern Belgium Brussels Netherlands Amsterdam
        Egypt Cairo Kenya Nairobi Nigeria Abuja Ghana Accra Morocco Rabat Tunisia Tunis Libya Tripoli
        Senegal Dakar Uganda Kampala Zimbabwe Harare Zambia Lusaka Rwanda Kigali Somalia Mogadishu
        Sudan Khartoum Angola Luanda China Beijing Japan Tokyo Thailand Bangkok Vietnam Hanoi Indonesia Jakarta
        Philippines Manila Nepal Kathmandu Bangladesh Dhaka Pakistan Islamabad Afghanistan Kabul Iran Tehran
        Iraq Baghdad Syria Damascus Lebanon Beirut Jordan Amman Israel Jerusalem Qatar Doha Yemen Sanaa
        Mongolia Ulaanbaatar Taiwan Taipei Australia Canberra Canada Ottawa Cuba Havana Jamaica Kingston
        Peru Lima Chile Santiago Colombia Bogota Venezuela Caracas Ecuador Quito Bolivia Sucre Paraguay Asuncion
        Uruguay Montevideo Brazil Brasilia Armenia Yerevan Georgia Tbilisi Azerbaijan Baku Latvia Riga
        Lithuania Vilnius Estonia Tallinn Albania Tirana Cyprus Nicosia Malta Valletta Mali Bamako Niger Niamey
        Chad Ndjamena Texas Austin California Sacramento Colorado Denver Massachusetts Boston
        Tennessee Nashville Ohio Columbus Hawaii Honolulu Arizona Phoenix Florida Tallahassee Oregon Salem
        Michigan Lansing Virginia Richmond Illinois Springfield Alaska Juneau
        """,
    ),
    Relation(
        "opposite",
        (
            "The opposite of tight is loose. The opposite of hungry is full. The opposite of {} is",
            "The antonym of the word {} is",
        ),
        """
        hot cold big small up down left right good bad happy sad fast slow high low light dark young old
        rich poor strong weak hard soft wet dry full empty open closed early late long short wide narrow
        thick thin heavy light clean dirty loud quiet deep shallow near far black white day night yes no
        true false love hate war peace win lose buy sell push pull give take start finish begin end enter exit
        rise fall increase decrease expand contract accept reject agree disagree alive dead asleep awake
        brave cowardly cheap expensive cruel kind easy difficult first last forward backward friend enemy
        future past guilty innocent heaven hell inside outside major minor male female man woman maximum minimum
        modern ancient more less morning evening natural artificial never always new old north south east west
        odd even optimist pessimist over under positive negative private public quick slow question answer
        rough smooth safe dangerous same different simple complex success failure summer winter sweet sour
        tall short together apart top bottom vertical horizontal victory defeat visible invisible legal illegal
        possible impossible polite rude proud ashamed sharp dull sick healthy single married straight crooked
        temporary permanent tight loose tiny huge ugly beautiful urban rural wise foolish wrong right
        birth death arrive depart attack defend before after above below internal external import export
        input output host guest junior senior king queen boy girl laugh cry remember forget include exclude
        install remove teach learn borrow lend
        """,
    ),
    Relation(
        "past",
        ("Every day I steal, yesterday I stole. Every day I jump, yesterday I jumped. Every day I {}, yesterday I",),
        """
        go went eat ate see saw take took give gave come came run ran write wrote drive drove speak spoke
        break broke choose chose freeze froze steal stole wake woke begin began drink drank sing sang swim swam
        ring rang sink sank fly flew grow grew know knew throw threw blow blew draw drew bring brought
        buy bought catch caught fight fought seek sought teach taught think thought build built send sent
        spend spent lend lent bend bent feel felt keep kept leave left meet met sleep slept sweep swept
        sell sold tell told find found hold held hear heard lead led lose lost make made pay paid say said
        sit sat stand stood understand understood win won become became bite bit fall fell feed fed
        forget forgot forgive forgave get got hang hung hide hid kneel knelt lay laid lie lay light lit
        mean meant ride rode rise rose shake shook shine shone shoot shot shrink shrank slide slid spring sprang
        stick stuck strike struck swear swore swing swung tear tore wear wore weave wove walk walked talk talked
        play played work worked cook cooked jump jumped look looked help helped start started want wanted
        need needed live lived love loved move moved open opened close closed turn turned watch watched
        wash washed clean cleaned call called ask asked dance danced smile smiled laugh laughed cry cried
        study studied carry carried try tried
        """,
    ),
    Relation(
        "plural",
        ("One loaf, two loaves. One toy, two toys. One goose, two geese. One {}, two",),
        """
        child children man men woman women foot feet tooth teeth goose geese mouse mice ox oxen person people
        leaf leaves knife knives wife wives life lives wolf wolves half halves shelf shelves thief thieves
        loaf loaves city cities baby babies lady ladies party parties story stories country countries
        family families army armies box boxes bus buses class classes dish dishes watch watches fox foxes
        church churches brush brushes glass glasses potato potatoes tomato tomatoes hero heroes echo echoes
        cactus cacti fungus fungi nucleus nuclei crisis crises analysis analyses thesis theses
        criterion criteria phenomenon phenomena datum data medium media bacterium bacteria book books
        house houses tree trees car cars dog dogs cat cats bird birds hand hands eye eyes day days boy boys
        girl girls key keys toy toys apple apples chair chairs table tables friend friends letter letters
        river rivers mountain mountains window windows door doors song songs star stars flower flowers
        teacher teachers
        """,
    ),
    Relation(
        "comparative",
        ("This one is {}, but that one is even", "If it is not just {}, it is even",),
        """
        big bigger small smaller tall taller short shorter long longer fast faster slow slower old older
        young younger strong stronger weak weaker high higher low lower hot hotter cold colder warm warmer
        cool cooler large larger good better bad worse far farther happy happier sad sadder easy easier
        hard harder early earlier late later heavy heavier light lighter dark darker bright brighter
        clean cleaner cheap cheaper rich richer poor poorer nice nicer wide wider deep deeper thick thicker
        thin thinner soft softer loud louder quiet quieter smart smarter funny funnier pretty prettier
        busy busier hungry hungrier angry angrier dirty dirtier near nearer close closer simple simpler
        safe safer wise wiser brave braver sweet sweeter sharp sharper rough rougher smooth smoother
        """,
    ),
    Relation(
        "language",
        ("People in {} speak", "The official language of {} is",),
        """
        France French Germany German Spain Spanish Italy Italian Portugal Portuguese England English
        Russia Russian China Chinese Japan Japanese Korea Korean Greece Greek Turkey Turkish Poland Polish
        Sweden Swedish Norway Norwegian Denmark Danish Finland Finnish Hungary Hungarian Romania Romanian
        Bulgaria Bulgarian Ukraine Ukrainian Netherlands Dutch Egypt Arabic Iraq Arabic Iran Persian
        Israel Hebrew Thailand Thai Vietnam Vietnamese Indonesia Indonesian Nepal Nepali Mexico Spanish
        Argentina Spanish Chile Spanish Peru Spanish Cuba Spanish Brazil Portuguese Austria German
        Australia English Croatia Croatian Serbia Serbian Iceland Icelandic Albania Albanian Armenia Armenian
        Estonia Estonian Latvia Latvian Lithuania Lithuanian Mongolia Mongolian
        """,
    ),
    Relation(
        "element",
        (
            "The chemical symbol Ba stands for barium. The chemical symbol W stands for tungsten. "
            "The chemical symbol {} stands for",
        ),
        """
        H hydrogen He helium Li lithium C carbon N nitrogen O oxygen F fluorine Ne neon Na sodium Mg magnesium
        Al aluminum Si silicon P phosphorus S sulfur Cl chlorine Ar argon K potassium Ca calcium Ti titanium
        Cr chromium Mn manganese Fe iron Co cobalt Ni nickel Cu copper Zn zinc Br bromine Ag silver Sn tin
        I iodine Xe xenon Ba barium W tungsten Pt platinum Au gold Hg mercury Pb lead Bi bismuth U uranium
        Pu plutonium Ra radium
        """,
    ),
    Relation(
        "continent",
        ("{} is a country on the continent of", "{} is a country in",),
        """
        France Europe Germany Europe Italy Europe Spain Europe Poland Europe Sweden Europe Norway Europe
        Greece Europe Egypt Africa Kenya Africa Nigeria Africa Ghana Africa Ethiopia Africa Uganda Africa
        Zambia Africa Mali Africa China Asia Japan Asia India Asia Thailand Asia Vietnam Asia Nepal Asia
        Mongolia Asia Pakistan Asia Hungary Europe Austria Europe Portugal Europe Finland Europe Somalia Africa
        Sudan Africa Angola Africa
        """,
    ),
    Relation(
        "next",
        (
            "After fifth comes sixth. After winter comes spring. After {} comes",
            "fifth, sixth. winter, spring. eleven, twelve. {},",
        ),
        """
        Monday Tuesday Tuesday Wednesday Wednesday Thursday Thursday Friday Friday Saturday Saturday Sunday
        Sunday Monday January February February March March April April May May June June July July August
        August September September October October November November December one two two three three four
        four five five six six seven seven eight eight nine nine ten ten eleven eleven twelve spring summer
        summer autumn autumn winter first second second third third fourth fourth fifth fifth sixth
        """,
    ),
)  # fmt: skip
