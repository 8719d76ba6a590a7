"""Who does what to whom, over sentences as news has them: each with a question it answers and the
same question with the parties exchanged.

A pair is right when both verdicts are: the mirrored question is the one that a search by words
can't tell from the other. The rows were written before the rules were looked at, batch by batch;
how many were right on first sight stands above each batch.
"""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from assistant.direction import (
    Context,
    Direction,
    Verdict,
    direction,
    document_aliases,
    relation_of,
)
from assistant.language import Language

LANGUAGE = Language()
SAME, REVERSED, UNKNOWN = Verdict.SAME, Verdict.REVERSED, Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, where it stands, and two questions with their right verdicts."""

    id: str
    sentence: str
    asked: str
    mirrored: str
    verdicts: tuple[Verdict, Verdict] = (SAME, REVERSED)
    before: str = ""
    title: str = ""


def one_way(
    id: str, sentence: str, asked: str, mirrored: str, before: str = "", title: str = ""
) -> Pair:
    """It answers the first question; the second has the parties exchanged."""
    return Pair(id, sentence, asked, mirrored, (SAME, REVERSED), before, title)


def both_ways(
    id: str, sentence: str, asked: str, mirrored: str, before: str = "", title: str = ""
) -> Pair:
    """It answers both: each does it to the other."""
    return Pair(id, sentence, asked, mirrored, (SAME, SAME), before, title)


def neither(
    id: str, sentence: str, asked: str, mirrored: str, before: str = "", title: str = ""
) -> Pair:
    """It says nothing of the kind: of two equals, of a third party, or of something else."""
    return Pair(id, sentence, asked, mirrored, (UNKNOWN, UNKNOWN), before, title)


# On first sight 79 of 121 pairs right, 175 of 242 verdicts.
FIRST = [
    # --- courts
    one_way("sue-active", "The Danish drug maker Lorvex, which has spent two years defending its patents, sued its American rival Bexane on Monday in a federal court in Delaware over a copied injector.", "Why did Lorvex sue Bexane?", "Why did Bexane sue Lorvex?"),
    one_way("sue-two-verbs", "Harrow Mills sued Tansley Cloth in March over unpaid invoices and was sued by Oakden Bank a month later, according to filings seen by the newspaper.", "What did Harrow Mills sue Tansley Cloth over?", "What did Tansley Cloth sue Harrow Mills over?"),
    one_way("sued-second-verb", "Harrow Mills sued Tansley Cloth in March over unpaid invoices and was sued by Oakden Bank a month later, according to filings seen by the newspaper.", "Whom did Oakden Bank sue?", "Who sued Oakden Bank?"),
    one_way("order-passive", "The Home Office was ordered by the Court of Appeal on Wednesday to release 140 asylum seekers whom it had held for more than a year without a hearing.", "What did the Court of Appeal order the Home Office to do?", "What did the Home Office order the Court of Appeal to do?"),
    one_way("charge-with", "Prosecutors in Milan have charged the former chairman of Valtera with hiding losses of 90 million euros, which he denies.", "What have prosecutors charged the former chairman of Valtera with?", "What has the former chairman of Valtera charged prosecutors with?"),
    one_way("testify-against", "Maria Delgado testified against her former business partner, Owen Pratt, on the third day of the trial, telling jurors that the books had been false from the start.", "When did Maria Delgado testify against Owen Pratt?", "When did Owen Pratt testify against Maria Delgado?"),
    one_way("extradite-to", "Portugal extradited the alleged leader of a cocaine ring to Brazil on Saturday after the Supreme Court in Lisbon rejected his last appeal.", "Who did Portugal extradite to Brazil?", "Who did Brazil extradite to Portugal?"),
    one_way("control-pay", "A jury in Texas ordered Orbis on Friday to pay Lumen Devices 120 million dollars for using its camera sensors without a licence.", "How much must Orbis pay Lumen Devices?", "How much must Lumen Devices pay Orbis?"),
    one_way("represent", "Hannah Wolfe, who represents the actor Carl Denning in his claim against the studio, said a settlement was only days away.", "Whom does Hannah Wolfe represent?", "Who represents Hannah Wolfe?"),
    one_way("relative-whom", "The broker whom Lisbeth Aas accuses of forging her signature, Henrik Dahl, has left the country, her lawyer told the court in Bergen.", "What does Lisbeth Aas accuse Henrik Dahl of?", "What does Henrik Dahl accuse Lisbeth Aas of?"),
    # --- companies
    one_way("take-over-passive", "Finmark Bank, once the country's second-largest lender, was taken over by its rival Solberg Trust in a deal worth 4.2 billion crowns, regulators said.", "When did Solberg Trust take over Finmark Bank?", "When did Finmark Bank take over Solberg Trust?"),
    one_way("acquire-possessive", "Under the agreement announced in Zurich, Kestor will acquire Palden's vaccine unit for 2.3 billion dollars in cash and keep its 900 staff.", "What will Kestor acquire from Palden?", "What will Palden acquire from Kestor?"),
    one_way("bid-for", "A hostile bid by Orlam for the retailer Westbury collapsed on Thursday after shareholders holding 60 per cent refused to sell.", "Why did Orlam's bid for Westbury fail?", "Why did Westbury's bid for Orlam fail?"),
    one_way("make-offer", "Grantham Rail made an improved offer to Severn Coaches late on Sunday, valuing the bus operator at 610 million pounds including debt.", "What did Grantham Rail offer Severn Coaches?", "What did Severn Coaches offer Grantham Rail?"),
    one_way("invest-in", "The sovereign fund of Norway has invested almost 800 million dollars in Talvik Batteries, whose plant in the north is to open in 2027.", "How much has Norway's fund invested in Talvik Batteries?", "How much has Talvik Batteries invested in Norway's fund?"),
    one_way("agree-to-sell", "Carrow Group has agreed to sell its 40 per cent stake in the airline to Mirath Holding for 310 million dollars, both companies said on Monday.", "What has Carrow Group agreed to sell to Mirath Holding?", "What has Mirath Holding agreed to sell to Carrow Group?"),
    one_way("bought-by-from", "The shipyard's cranes were bought by the Danish builder Stenmark from the bankrupt Rostal yard at auction for a third of their value.", "What did Stenmark buy from Rostal?", "What did Rostal buy from Stenmark?"),
    one_way("buy-of-sell", "Palmer Estates, the administrators said, had sold 14 hotels to the pension fund Aldine two weeks before it went bankrupt.", "What did Aldine buy from Palmer Estates?", "What did Palmer Estates buy from Aldine?"),
    one_way("license-to", "Nordane licensed its battery chemistry to Kiyomi Motors in 2021 for a fee that neither company has ever disclosed.", "What did Nordane license to Kiyomi Motors?", "What did Kiyomi Motors license to Nordane?"),
    one_way("poach-from", "Quarrel Capital has poached six traders from Bellweather Partners since January, offering guaranteed bonuses of up to three million dollars.", "How many traders has Quarrel Capital poached from Bellweather Partners?", "How many traders has Bellweather Partners poached from Quarrel Capital?"),
    one_way("undercut", "On the continent's biggest market, the Chinese maker Haolin undercuts its European rival Vendôme by about a fifth, a study by the car lobby found.", "By how much does Haolin undercut Vendôme?", "By how much does Vendôme undercut Haolin?"),
    one_way("copy-gerund", "Accused of copying the shoe of its competitor Strade, Alpen Sport has withdrawn the model from its shops in Italy and France.", "What is Alpen Sport accused of copying from Strade?", "What is Strade accused of copying from Alpen Sport?"),
    # --- sport
    one_way("sign-from", "Ajax signed the 19-year-old winger from Benfica on a five-year contract after the two clubs settled on a fee of 22 million euros.", "Whom did Ajax sign from Benfica?", "Whom did Benfica sign from Ajax?"),
    one_way("loan-to", "Villarreal have loaned the Uruguayan defender to Getafe until the end of the season, with an option to buy for eight million euros.", "Who have Villarreal loaned to Getafe?", "Who have Getafe loaned to Villarreal?"),
    one_way("victory-over", "Croatia's 3-1 victory over Denmark on Tuesday night in Split was its first in the group and left the Danes needing a point.", "By what score did Croatia beat Denmark?", "By what score did Denmark beat Croatia?"),
    one_way("lose-to", "Playing without their captain, Toulon lost 28-12 to Leinster in Dublin, their heaviest defeat in the competition since 2014.", "By how much did Leinster beat Toulon?", "By how much did Toulon beat Leinster?"),
    one_way("replace-as", "Elena Novak has replaced Igor Simic as coach of the national basketball team, the federation announced after a meeting in Ljubljana.", "When did Elena Novak replace Igor Simic?", "When did Igor Simic replace Elena Novak?"),
    one_way("succeed-passive", "Sir Alan Pryce, who ran the bank for eleven years, will be succeeded in April by Joanna Feld, at present its finance director.", "Whom will Joanna Feld succeed?", "Whom will Alan Pryce succeed?"),
    one_way("overtake", "With two races left, Ferrari have overtaken Mercedes in the constructors' standings thanks to Leclerc's win in Austin on Sunday.", "When did Ferrari overtake Mercedes?", "When did Mercedes overtake Ferrari?"),
    # --- war
    one_way("shell-positions", "Armenian forces shelled Azerbaijani positions near the border overnight, killing two soldiers, the defence ministry in Baku said.", "When did Armenia shell Azerbaijan?", "When did Azerbaijan shell Armenia?"),
    one_way("capture-passive", "Some two hundred government soldiers were captured by the northern rebels on Sunday after a siege of six weeks, residents reached by telephone said.", "Who captured the government soldiers?", "Who captured the northern rebels?"),
    one_way("arm-with", "Iran has armed the Houthi movement with missiles that can reach Eilat, a panel of UN experts reported to the Security Council in January.", "What has Iran armed the Houthis with?", "What have the Houthis armed Iran with?"),
    one_way("attack-on-by", "Thursday's attack by Chadian troops on a Sudanese border post killed eleven policemen and brought the two governments to the brink of war.", "How many died in Chad's attack on Sudan?", "How many died in Sudan's attack on Chad?"),
    one_way("surrender-to", "Cornered in a school building for three days, some 60 fighters of the militia surrendered to the Colombian army at dawn on Friday.", "When did the militia surrender to the Colombian army?", "When did the Colombian army surrender to the militia?"),
    one_way("train", "British instructors have trained some 45,000 Ukrainian recruits since 2022, most of them at bases in the north of England.", "How many Ukrainians has Britain trained?", "How many Britons has Ukraine trained?"),
    one_way("propose-to", "Hamas proposed a truce of forty days to Israel through Qatari mediators on Tuesday, but said that it would keep its weapons.", "What did Hamas propose to Israel?", "What did Israel propose to Hamas?"),
    one_way("hand-over", "Under the deal brokered in Doha, Azerbaijan handed over 31 prisoners of war to Armenia on Wednesday in exchange for maps of minefields.", "How many prisoners did Azerbaijan hand over to Armenia?", "How many prisoners did Armenia hand over to Azerbaijan?"),
    one_way("impose-sanctions", "Canada has imposed sanctions on Georgia's interior minister and eleven police commanders over the beating of protesters, its foreign ministry said.", "Why did Canada impose sanctions on Georgia?", "Why did Georgia impose sanctions on Canada?"),
    one_way("warn-against", "Beijing warned Manila on Sunday against sending more supply ships to the reef, saying that its coast guard would respond to any further intrusion.", "What did China warn the Philippines against?", "What did the Philippines warn China against?"),
    one_way("condemn-passive", "Rwanda was condemned by Belgium at the Security Council for sending troops across the border, a charge that Kigali rejects.", "What did Belgium condemn Rwanda for?", "What did Rwanda condemn Belgium for?"),
    one_way("recognise", "After months of debate in the Dáil, Ireland formally recognised Palestine on 28 May, together with Norway and Spain.", "When did Ireland recognise Palestine?", "When did Palestine recognise Ireland?"),
    one_way("summon-ambassador", "Spain summoned the Argentine ambassador on Monday to protest at remarks that the president had made about the prime minister's wife.", "Why did Spain summon Argentina's ambassador?", "Why did Argentina summon Spain's ambassador?"),
    one_way("spy-on", "Austria's domestic service spied on Turkish diplomats in Vienna for years, according to files leaked to a weekly magazine.", "For how long did Austria spy on Turkey?", "For how long did Turkey spy on Austria?"),
    # --- politics
    one_way("lobby", "Two of the largest tobacco companies lobbied the European Commission for months to drop the ban on flavoured pouches, internal documents show.", "What did tobacco companies lobby the European Commission for?", "What did the European Commission lobby tobacco companies for?"),
    one_way("be-urged-by", "Egypt is being urged by the International Monetary Fund to let its currency float and to sell stakes in companies run by the army.", "What is the IMF urging Egypt to do?", "What is Egypt urging the IMF to do?"),
    one_way("pressure-from-on", "Pressure from the European Commission on Poland to close the lignite mine has eased since the new government took office in Warsaw.", "What is the European Commission pressing Poland to do?", "What is Poland pressing the European Commission to do?"),
    one_way("demand-that", "Bolivia's demand that Chile grant it a corridor to the sea was rejected by the judges in The Hague in 2018.", "What did Bolivia demand of Chile?", "What did Chile demand of Bolivia?"),
    one_way("request-to", "In a request to Interpol seen by Reuters, Malaysia asks for a red notice against the fugitive financier and two of his bankers.", "What has Malaysia asked Interpol for?", "What has Interpol asked Malaysia for?"),
    one_way("calls-by-on", "Calls by the African Union on Mali's rulers to hold elections by March have so far gone unheeded in Bamako, diplomats say.", "What has the African Union called on Mali to do?", "What has Mali called on the African Union to do?"),
    one_way("insist-must", "Sofia insists that Skopje must amend its constitution before accession talks begin, a condition the government there calls humiliating.", "What does Bulgaria want from North Macedonia?", "What does North Macedonia want from Bulgaria?"),
    one_way("is-expected-by", "Portugal is expected by its creditors to raise another two billion euros from privatisations before the programme ends in June.", "What do Portugal's creditors expect it to do?", "What does Portugal expect its creditors to do?"),
    one_way("cleft-what", "What Lagos wants from Abuja, its governor told reporters, is a larger share of the tax on fuel and the power to police its own streets.", "What does Lagos want from Abuja?", "What does Abuja want from Lagos?"),
    one_way("look-to-for", "Small island states are looking to Australia for money to move entire villages inland, the Pacific forum's secretary said in Suva.", "What do small island states want from Australia?", "What does Australia want from small island states?"),
    one_way("depend-on", "Slovakia depends on Russia for more than two thirds of its gas, and Bratislava has so far resisted attempts in Brussels to end the imports.", "What does Slovakia depend on Russia for?", "What does Russia depend on Slovakia for?"),
    one_way("endorse", "Former governor Dale Whitcomb endorsed Susan Pike for the Republican nomination on Thursday, calling her the only candidate who could win in November.", "Why did Dale Whitcomb endorse Susan Pike?", "Why did Susan Pike endorse Dale Whitcomb?"),
    one_way("oust-passive", "Prime Minister Imran Sethi was ousted by his former deputy Farah Khan in a vote of no confidence that dragged on until dawn.", "Whom did Farah Khan oust?", "Whom did Imran Sethi oust?"),
    one_way("not-allow", "Switzerland will not allow Germany to send Swiss-made shells to Ukraine, the government in Bern confirmed on Friday.", "What will Switzerland not allow Germany to do?", "What will Germany not allow Switzerland to do?"),
    one_way("refuse-to-give", "Ethiopia has refused to give Egypt the data on the filling of the dam, arguing that the river's flow is a matter of national sovereignty.", "What has Ethiopia refused to give Egypt?", "What has Egypt refused to give Ethiopia?"),
    one_way("should-apologise", "Belgium should apologise to Burundi for the forced labour of the colonial years, a parliamentary committee in Brussels concluded on Monday.", "What should Belgium apologise to Burundi for?", "What should Burundi apologise to Belgium for?"),
    one_way("impose-tariffs", "The United States imposed tariffs of 25 per cent on Canadian aluminium on Tuesday, and Ottawa said that it would answer in kind within days.", "What tariffs did the US impose on Canada?", "What tariffs did Canada impose on the US?"),
    one_way("thank-for", "President Lena Ortiz thanked Cuba for the 300 doctors it had sent to the coast after the hurricane, saying that no other neighbour had come.", "What did Lena Ortiz thank Cuba for?", "What did Cuba thank Lena Ortiz for?"),
    # --- labour
    one_way("strike-against", "Swedish mechanics have been striking against the car maker Volta for nine months because it refuses to sign a collective agreement.", "Why are Swedish mechanics striking against Volta?", "Why is Volta striking against Swedish mechanics?"),
    one_way("sack", "The airline Merlin sacked its chief pilot, Tomas Reyes, in June after he told a newspaper that crews were flying exhausted.", "Why did Merlin sack Tomas Reyes?", "Why did Tomas Reyes sack Merlin?"),
    one_way("employed-by", "Some 3,400 people are employed by Corran Steel at the two furnaces in Port Adair, which the company says it will shut by September.", "How many people work for Corran Steel?", "Who does Corran Steel work for?"),
    one_way("work-for", "Before she joined the ministry, Dr Leila Haddad worked for the consultancy Prism for six years, advising it on hospital contracts.", "Who employed Leila Haddad before she joined the ministry?", "Whom did Leila Haddad employ before she joined the ministry?"),
    one_way("offer-rise", "The hospital trust has offered junior doctors a rise of six per cent, but their union says it will settle for nothing less than nine.", "What has the hospital trust offered junior doctors?", "What have junior doctors offered the hospital trust?"),
    one_way("put-demand-to", "Train drivers put a demand for a 35-hour week to Rhein Rail on Tuesday and gave the company two weeks to reply before a strike vote.", "What did train drivers demand from Rhein Rail?", "What did Rhein Rail demand from train drivers?"),
    # --- science
    one_way("award-passive", "The laboratory in Uppsala was awarded 12 million kronor by the Wellmore Foundation to test whether the fungus can break down plastic at sea.", "What did the Wellmore Foundation award the laboratory in Uppsala?", "What did the laboratory in Uppsala award the Wellmore Foundation?"),
    one_way("teach", "Physicist Ilse Brandt, who taught the future laureate Rajesh Menon in Göttingen in the 1980s, remembers him as a student who never took notes.", "Where did Ilse Brandt teach Rajesh Menon?", "Where did Rajesh Menon teach Ilse Brandt?"),
    one_way("copy-from", "A panel found that Professor Marek Zelinka had copied whole pages from his doctoral student Petra Hajek without naming her in the paper.", "What did Marek Zelinka copy from Petra Hajek?", "What did Petra Hajek copy from Marek Zelinka?"),
    one_way("hunt", "Orcas have been seen hunting great white sharks off Mossel Bay, biting out the liver and leaving the rest of the carcass to drift.", "Where do orcas hunt great white sharks?", "Where do great white sharks hunt orcas?"),
    one_way("infect", "Scientists now say that fruit bats infected the horses with the virus when the animals were left under a fig tree overnight.", "How did the bats infect the horses?", "How did the horses infect the bats?"),
    one_way("send-to", "JAXA has sent half a gram of the asteroid's dust to NASA, which will compare it with what its own probe brought back in 2023.", "What has JAXA sent to NASA?", "What has NASA sent to JAXA?"),
    # --- money and aid
    one_way("provide-with", "The World Food Programme has been providing Malawi with maize since the floods, feeding about a million people a day in the southern districts.", "What has the WFP provided to Malawi?", "What has Malawi provided to the WFP?"),
    one_way("donate-to", "Switzerland donated eight snow ploughs to the Bosnian city of Tuzla in October, two of which have already been resold.", "What did Switzerland donate to Tuzla?", "What did Tuzla donate to Switzerland?"),
    one_way("forgive-debt", "Japan forgave Mozambique 110 million dollars of debt on Friday, the largest sum it has ever written off for an African borrower.", "How much debt did Japan forgive Mozambique?", "How much debt did Mozambique forgive Japan?"),
    one_way("deport-to", "Algeria deported 600 migrants to Niger last week, leaving them in the desert fifteen kilometres from the nearest well.", "How many migrants did Algeria deport to Niger?", "How many migrants did Niger deport to Algeria?"),
    one_way("rescue-passive", "The crew of the trawler Anna Grete was rescued by the Norwegian coastguard early on Sunday, twelve hours after the engine had failed.", "Who rescued the crew of the Anna Grete?", "Whom did the crew of the Anna Grete rescue?"),
    one_way("lend-of-borrow", "To cover the deficit, Pakistan borrowed another two billion dollars from Saudi Arabia in June, repayable over ten years from 2030.", "How much did Saudi Arabia lend Pakistan?", "How much did Pakistan lend Saudi Arabia?"),
    one_way("debt-to", "Sudan's debt to Qatar, run up mostly for the building of the port, now stands at 3.1 billion dollars, the ministry said.", "How much does Sudan owe Qatar?", "How much does Qatar owe Sudan?"),
    one_way("inherit-from", "Nadia Petrov inherited the newspaper from the late banker Otto Lang, who had bought it in 1991 for a symbolic mark.", "What did Nadia Petrov inherit from Otto Lang?", "What did Otto Lang inherit from Nadia Petrov?"),
    one_way("lease-to", "Djibouti leases a strip of coast to the Chinese navy for 20 million dollars a year under a contract that runs until 2026.", "What does Djibouti lease to China?", "What does China lease to Djibouti?"),
    one_way("could-lend", "The European Investment Bank could lend Kosovo up to 60 million euros for the railway if parliament ratifies the loan before December.", "How much could the EIB lend Kosovo?", "How much could Kosovo lend the EIB?"),
    # --- police
    one_way("arrest", "Detectives from Leeds arrested the councillor Martin Shaw at Manchester airport on suspicion of taking bribes from a builder.", "Why did detectives arrest Martin Shaw?", "Why did Martin Shaw arrest the detectives?"),
    one_way("supply-with", "Prosecutors say that Denny Cole supplied the footballer Luke Amos with cocaine at least a dozen times between May and August.", "What did Denny Cole supply Luke Amos with?", "What did Luke Amos supply Denny Cole with?"),
    one_way("steal-from", "Two brothers from Ghent stole a drawing by Ensor from the collector Paul Maes, a court heard, and hid it under the floor of a caravan.", "What did the brothers steal from Paul Maes?", "What did Paul Maes steal from the brothers?"),
    one_way("blackmail", "According to the indictment, Victor Lund blackmailed the senator Grace Hallam for almost a year with photographs taken at a hotel.", "How long did Victor Lund blackmail Grace Hallam?", "How long did Grace Hallam blackmail Victor Lund?"),
    one_way("reduced-passive", "The villagers, evicted by the mining company Goldspar in 2019, have been living in tents along the road to the capital ever since.", "When did Goldspar evict the villagers?", "When did the villagers evict Goldspar?"),
    one_way("leaked-by-to", "Documents leaked by the engineer Sofia Marin to the newspaper Observador show that the dam's owners had known of the cracks since 2016.", "What did Sofia Marin leak to Observador?", "What did Observador leak to Sofia Marin?"),
    # --- other names, pronouns, what stood before
    one_way("pronoun-she-them", "She promised them that no new turbines would be built on the winter pastures before the herders had been heard.", "What did Karin Lunde promise the Sami leaders?", "What did the Sami leaders promise Karin Lunde?", before="Prime Minister Karin Lunde met the Sami leaders in Karasjok on Monday."),
    one_way("pronoun-it", "The regulator has fined it 47 million pounds, the largest penalty ever imposed on a utility, and told it to repay customers.", "How much did the regulator fine Aldermoor Water?", "How much did Aldermoor Water fine the regulator?", before="Aldermoor Water has missed its targets on leaks for the fifth year running."),
    one_way("surnames", "Trump told Zelensky to accept the terms before Thursday, according to two officials who had listened in on the call.", "What did Trump tell Zelensky to do?", "What did Zelensky tell Trump to do?", before="US President Donald Trump spoke to his Ukrainian counterpart, Volodymyr Zelensky, on Saturday."),
    one_way("surnames-for-countries", "Trump told Zelensky to accept the terms before Thursday, according to two officials who had listened in on the call.", "What did the US tell Ukraine to do?", "What did Ukraine tell the US to do?", before="US President Donald Trump spoke to his Ukrainian counterpart, Volodymyr Zelensky, on Saturday."),
    one_way("lower-case-capitals", "American negotiators want South Korea to pay about 1.3 billion dollars a year for the troops stationed there, a newspaper in Seoul reported.", "what does washington want from seoul", "what does seoul want from washington"),
    one_way("european-officials", "European officials have asked the Trump administration to exempt wine and cheese from the tariffs, so far without getting an answer.", "What has Europe asked the US to do?", "What has the US asked Europe to do?"),
    one_way("acronym-before", "The GCTW has accused the operator Metrolis of tearing up the agreement on night shifts that both had signed in the spring.", "What does the General Confederation of Tram Workers accuse Metrolis of?", "What does Metrolis accuse the General Confederation of Tram Workers of?", before="Trams stood still on Monday after the General Confederation of Tram Workers (GCTW) called a strike."),
    one_way("title-party", "The company has been told by the watchdog to stop selling the heater until the wiring has been changed, a spokesman said.", "What did the watchdog tell Calorex to do?", "What did Calorex tell the watchdog to do?", title="Calorex shares slump after heater fires"),
    # --- headlines
    one_way("headline-fine", "Brussels fines Apple 1.8 billion euros over music streaming rules", "How much did the EU fine Apple?", "How much did Apple fine the EU?"),
    one_way("headline-urge", "Erdogan urges Putin to extend grain deal as deadline looms", "what does erdogan urge putin to do", "what does putin urge erdogan to do"),
    one_way("headline-stun", "Nadal stuns Alcaraz in three sets to reach Madrid semi-final", "Whom did Nadal stun in Madrid?", "Who stunned Nadal in Madrid?"),
    one_way("headline-to-sue", "Teachers to sue ministry over unpaid overtime, union says", "Why will teachers sue the ministry?", "Why will the ministry sue teachers?"),
    # --- each to the other
    both_ways("each-other", "Iran and Pakistan accused each other of sheltering separatists after the strikes of last week, and both recalled their ambassadors.", "What did Iran accuse Pakistan of?", "What did Pakistan accuse Iran of?"),
    both_ways("two-clauses", "Lisbon blamed Madrid for the blackout in June, while Spanish officials blamed Portugal for having switched off its reserve plants.", "What did Portugal blame Spain for?", "What did Spain blame Portugal for?"),
    # --- nothing of the kind
    neither("met", "The foreign ministers of Serbia and Kosovo met in Ohrid on Saturday for talks on licence plates that lasted until after midnight.", "What did Serbia demand from Kosovo?", "What did Kosovo demand from Serbia?"),
    neither("agreed-with", "Chile agreed with Bolivia on Tuesday to measure the flow of the Silala jointly, ending a quarter of a century of argument.", "What did Chile demand of Bolivia?", "What did Bolivia demand of Chile?"),
    neither("signed-treaty-with", "Greenland signed a fisheries treaty with Iceland in Nuuk that lets the trawlers of each fish a part of the other's waters.", "What did Greenland sell to Iceland?", "What did Iceland sell to Greenland?"),
    neither("merged-with", "Drovers Bank merged with Calder Mutual in 2014, and the combined lender has since closed more than half of its branches.", "How much did Drovers Bank pay Calder Mutual?", "How much did Calder Mutual pay Drovers Bank?"),
    neither("third-party-agent", "Moscow wants Tehran to deliver another four hundred drones before the winter, according to a Western intelligence report.", "What does Turkey want from Iran?", "What does Iran want from Turkey?"),
    neither("third-party-counterpart", "Turkey asked Norway last year for spare parts for its older frigates, a request that the government in Oslo has yet to answer.", "What did Turkey ask Sweden for?", "What did Sweden ask Turkey for?"),
    neither("both-expect-of-third", "Both France and Spain expect the Commission to present its plan for the power grid before the summer break.", "What does France expect from Spain?", "What does Spain expect from France?"),
    neither("both-ask-third", "Kenya and Uganda asked Tanzania on Monday to lift its ban on maize from the two countries before the harvest begins.", "What did Kenya ask Uganda to do?", "What did Uganda ask Kenya to do?"),
    neither("other-relation", "Belgium thanked Rwanda for taking in the crew of the cargo aircraft that had made an emergency landing in Kigali.", "What did Belgium sell to Rwanda?", "What did Rwanda sell to Belgium?"),
    neither("passive-no-agent", "Borealis Bank was fined 30 million dollars in 2020, and Credit Verne, its largest shareholder, has since sold the whole of its stake.", "How much did Credit Verne fine Borealis Bank?", "How much did Borealis Bank fine Credit Verne?"),
    neither("expects-growth", "Georgia expects its economy to grow by five per cent this year, while the central bank of Armenia has just cut its own forecast.", "What does Georgia expect from Armenia?", "What does Armenia expect from Georgia?"),
    neither("dispute-between", "The dispute between the airline Skyve and its pilots over rest periods has already grounded some nine hundred flights since Easter.", "What do the pilots demand of Skyve?", "What does Skyve demand of the pilots?"),
    neither("denied-third", "A Danish minister denied that Greenland had asked the United States for money to build the airport at Ilulissat.", "What did Denmark ask Greenland for?", "What did Greenland ask Denmark for?"),
    neither("beside-in-a-list", "Boeing delivered 44 aircraft in May, among them six to Ryanair, while Airbus delivered 53, most of them to customers in Asia.", "How many aircraft did Boeing deliver to Airbus?", "How many aircraft did Airbus deliver to Boeing?"),
    neither("told-of-third", "The chancellor told the president of Poland that Hungary would lose its vote if it went on blocking the budget.", "What did Hungary threaten Poland with?", "What did Poland threaten Hungary with?"),
    neither("compared", "Norway spends a larger share of its income on aid than Germany does, but less of it goes to the poorest countries.", "How much aid does Norway give Germany?", "How much aid does Germany give Norway?"),
    neither("mediated", "Oman has been mediating between Iran and Bahrain since the embassy was stormed, passing letters from one capital to the other.", "What does Bahrain want from Iran?", "What does Iran want from Bahrain?"),
    neither("possessive-only", "Peru's ambassador to Ecuador, a former rector of the naval academy, died at his home in Quito at the age of 71.", "What did Peru give Ecuador?", "What did Ecuador give Peru?"),
]  # fmt: skip

# Made after the rules were mended for the first: 52 of 63 pairs, 108 of 126 verdicts.
SECOND = [
    one_way("hire-from", "The Bundesbank has hired its new head of supervision from the Dutch central bank, where she ran the inspection of insurers for seven years.", "Whom did the Bundesbank hire from the Dutch central bank?", "Whom did the Dutch central bank hire from the Bundesbank?"),
    one_way("defy", "In a rare act of revolt, the mayor of Izmir defied the interior ministry on Thursday and refused to hand over the keys of the town hall.", "When did the mayor of Izmir defy the interior ministry?", "When did the interior ministry defy the mayor of Izmir?"),
    one_way("betray", "Frank Doyle, the court heard, betrayed his cousin Eamon Reilly to the police in return for a promise that his own case would be dropped.", "Why did Frank Doyle betray Eamon Reilly?", "Why did Eamon Reilly betray Frank Doyle?"),
    one_way("outbid", "Kelvion outbid the Spanish group Ferrosol for the wind farm by 40 million euros, according to two people who have seen the final offers.", "By how much did Kelvion outbid Ferrosol?", "By how much did Ferrosol outbid Kelvion?"),
    one_way("subsidise-passive", "Local airports in the north are subsidised by the Norwegian state to the tune of 900 million crowns a year, a figure that has doubled since 2018.", "How much does the Norwegian state subsidise airports?", "How much do airports subsidise the Norwegian state?"),
    one_way("grant-asylum", "Brazil granted asylum to the former president of Bolivia on Wednesday, hours after he had climbed over the wall of its embassy in La Paz.", "To whom did Brazil grant asylum?", "Who granted asylum to Brazil?"),
    one_way("ban-from", "FIFA has banned the Ghanaian official Kofi Mensah from all football for eight years for taking money from a betting syndicate.", "For how long has FIFA banned Kofi Mensah?", "For how long has Kofi Mensah banned FIFA?"),
    one_way("insult", "The goalkeeper insulted the referee, Chiara Bonetti, in the tunnel after the final whistle, according to the report that she filed on Sunday.", "Where did the goalkeeper insult Chiara Bonetti?", "Where did Chiara Bonetti insult the goalkeeper?"),
    one_way("persuade", "It took Rabat three years to persuade Madrid to drop its neutrality on Western Sahara, a former Moroccan diplomat writes in his memoirs.", "What did Morocco persuade Spain to do?", "What did Spain persuade Morocco to do?"),
    one_way("inf-subject", "Slovenia's plan to sue Croatia over the bay was shelved when the two prime ministers met on the sidelines of the summit.", "What did Slovenia plan to sue Croatia over?", "What did Croatia plan to sue Slovenia over?"),
    one_way("force-to", "Under the settlement, the regulator forced Telgrade to open its masts to smaller rivals and to pay each of them for the years of delay.", "What did the regulator force Telgrade to do?", "What did Telgrade force the regulator to do?"),
    one_way("help-with", "Engineers from the Netherlands helped Bangladesh to raise its coastal dykes after the cyclone, and have now been asked to return for the delta.", "What did the Netherlands help Bangladesh to do?", "What did Bangladesh help the Netherlands to do?"),
    one_way("refuse-entry", "Australia denied entry to the American rapper Dax Lowell on Friday, citing an interview in which he had praised a mass murderer.", "Why did Australia deny entry to Dax Lowell?", "Why did Dax Lowell deny entry to Australia?"),
    one_way("deal-relcl-prep", "Elkem Gruppen, to which the municipality of Narvik sold its power station in 1999, has tripled the price of electricity since the war began.", "What did Narvik sell to Elkem Gruppen?", "What did Elkem Gruppen sell to Narvik?"),
    one_way("whose-relcl", "Pascal Roche, whose former publisher Lavande he has accused of hiding royalties, says that he will bring out his next novel himself.", "What has Pascal Roche accused Lavande of?", "What has Lavande accused Pascal Roche of?"),
    one_way("praise-nominal", "The envoy's praise for Rwanda's handling of the refugees drew an angry response from aid groups working along the border.", "What did the envoy praise Rwanda for?", "What did Rwanda praise the envoy for?"),
    one_way("criticism-of-by", "Criticism of the central bank by the prime minister has become louder since rates were raised for the ninth time in a row.", "Why has the prime minister criticised the central bank?", "Why has the central bank criticised the prime minister?"),
    one_way("invasion-of", "Four years after Russia's invasion of Ukraine, some 800 Finnish firms are still negotiating the sale of their factories near St Petersburg.", "When did Russia invade Ukraine?", "When did Ukraine invade Russia?"),
    one_way("apology-to", "The airline's apology to passengers stranded in Tromsø came nine days late and offered them no compensation, consumer groups complained.", "What did the airline apologise to passengers for?", "What did passengers apologise to the airline for?"),
    one_way("threat-to-withdraw", "Warsaw has threatened to sue Brussels at the Court of Justice if the billions from the recovery fund are not paid out by the summer.", "What has Poland threatened the EU with?", "What has the EU threatened Poland with?"),
    one_way("vow-to-punish", "Islamabad vowed on Sunday to punish Kabul for sheltering the gunmen who attacked a bus in the border district of Chitral.", "What did Pakistan vow to punish Afghanistan for?", "What did Afghanistan vow to punish Pakistan for?"),
    one_way("fail-to-pay", "Montclair FC have failed to pay Sporting Braga the last two instalments of the fee for their striker, the Portuguese club told investors.", "What have Montclair failed to pay Braga?", "What has Braga failed to pay Montclair?"),
    one_way("stop-buying", "Finland stopped buying electricity from Russia in May 2022, and the cable under the gulf has been idle ever since.", "When did Finland stop buying electricity from Russia?", "When did Russia stop buying electricity from Finland?"),
    one_way("sell-of-buy", "Finland stopped buying electricity from Russia in May 2022, and the cable under the gulf has been idle ever since.", "What did Russia sell to Finland until 2022?", "What did Finland sell to Russia until 2022?"),
    one_way("receive-award-from", "The marine biologist Aoife Brennan received the medal from the Royal Society for a method that tells the age of sharks from a drop of blood.", "What did the Royal Society give Aoife Brennan?", "What did Aoife Brennan give the Royal Society?"),
    one_way("get-passive", "Two ministers got sacked by President Tinuba over the fuel scandal, and a third has been told to stay at home until the inquiry is over.", "How many ministers did President Tinuba sack?", "Who sacked President Tinuba?"),
    one_way("seen-as-by", "The island has been claimed by Argentina since 1833 and governed by Britain, whose settlers voted almost unanimously to stay with London.", "Since when has Argentina claimed the island?", "Since when has the island claimed Argentina?"),
    one_way("pres-participle", "Shouting that he had been cheated, the builder attacked his former partner Dieter Kranz with a spade outside the court in Kassel.", "Where did the builder attack Dieter Kranz?", "Where did Dieter Kranz attack the builder?"),
    one_way("dative-passive", "Estonian parents were sent letters by the education ministry in August telling them that lessons in Russian would end with the school year.", "What did the education ministry send parents?", "What did parents send the education ministry?"),
    one_way("teach-to", "A herpetologist from Quito taught villagers in the valley to tell harmless snakes from deadly ones, and bites have since fallen by half.", "What did the herpetologist teach the villagers?", "What did the villagers teach the herpetologist?"),
    one_way("rob-of", "Thieves disguised as monks robbed the bishop of Chartres of a gilded cross on Easter Sunday, the diocese confirmed after two days of silence.", "What did thieves rob the bishop of?", "What did the bishop rob thieves of?"),
    one_way("protect-from", "The lizards protect the seabirds from rats by eating the young ones in their nests, the biologists write in the journal Oikos.", "How do the lizards protect the seabirds?", "How do the seabirds protect the lizards?"),
    one_way("convert-loan", "Seoul is to lend Hanoi 1.2 billion dollars for the metro, the largest loan it has made to any country in the region.", "how much will south korea lend vietnam", "how much will vietnam lend south korea"),
    one_way("complain-to-about", "Residents complained to the council about the smell from the tannery as early as 2015, e-mails released under the transparency law show.", "What did residents complain to the council about?", "What did the council complain to residents about?"),
    one_way("shoot", "A police officer shot the farmer Jakob Strand twice in the leg after he had driven his tractor at a line of shields, prosecutors said.", "Why did a police officer shoot Jakob Strand?", "Why did Jakob Strand shoot a police officer?"),
    one_way("outvoted-by", "Denmark was outvoted by France and Italy on the fishing quotas, and its minister left the meeting in Luxembourg before the press conference.", "On what was Denmark outvoted by France?", "On what was France outvoted by Denmark?"),
    one_way("dative-lower", "The chancellor owes the Greens an explanation for the gas deal, the party's leader in parliament said in a radio interview on Sunday.", "what does the chancellor owe the greens", "what do the greens owe the chancellor"),
    one_way("he-her", "He has promised her a seat on the board if she withdraws the complaint, according to a letter read out in the chamber on Monday.", "What has Marcus Thiel promised Ines Vogt?", "What has Ines Vogt promised Marcus Thiel?", before="Marcus Thiel, the bank's chairman, met his critic Ines Vogt in March."),
    one_way("they-plural-company", "They want it to pay for new wells, to clean the river and to publish every measurement that it has taken since 2009.", "What do the villagers want from Corvana Mining?", "What does Corvana Mining want from the villagers?", before="The villagers brought their case against Corvana Mining to the high court last week."),
    one_way("the-party-kind", "The airline has asked the manufacturer to pay for the idle jets, each of which costs it some 20,000 dollars a day.", "What has Nordic Wings asked Aerolux for?", "What has Aerolux asked Nordic Wings for?", before="Nordic Wings, an airline based in Turku, has grounded nine jets made by the manufacturer Aerolux."),
    one_way("acronym-in-question", "The International Atomic Energy Agency has asked Tehran for access to two sites at which its inspectors suspect undeclared work on centrifuges.", "What has the IAEA asked Iran for?", "What has Iran asked the IAEA for?"),
    one_way("the-former", "Downing Street expects Paris to stop at least half of the boats before they leave the beaches, a paper seen by the broadcaster says.", "What does Britain expect of France?", "What does France expect of Britain?"),
    one_way("german-government", "The German government has warned Vodara, the Czech battery maker, that it'll lose its subsidy unless it starts building by the spring.", "What has Germany warned Vodara of?", "What has Vodara warned Germany of?"),
    one_way("headline-passive", "Minister accused by auditors of hiding cost of stadium", "What do auditors accuse the minister of?", "What does the minister accuse auditors of?"),
    one_way("headline-to-pay", "Glencairn to pay Congo 180 million dollars to settle bribery claims", "How much will Glencairn pay Congo?", "How much will Congo pay Glencairn?"),
    one_way("headline-snatch", "Arsenal snatch Danish keeper from Milan on deadline day", "Whom did Arsenal snatch from Milan?", "Whom did Milan snatch from Arsenal?"),
    one_way("quote-speaker", "“We expect the Commission to defend our farmers, not to lecture them,” the Irish agriculture minister, Niamh Kehoe, told reporters in Cork.", "What does Ireland expect from the Commission?", "What does the Commission expect from Ireland?"),
    one_way("according-agree", "According to the union, Fastpost has agreed to give its couriers a guaranteed wage of 14 euros an hour from the first of January.", "What has Fastpost agreed to give its couriers?", "What have Fastpost's couriers agreed to give it?"),
    one_way("no-longer", "The Vatican no longer recognises the bishops whom Beijing appointed without its consent, a note published on Friday makes clear.", "Whom does the Vatican no longer recognise?", "Who no longer recognises the Vatican?"),
    both_ways("both-sides-blame", "Armenia and Azerbaijan blamed one another for the shooting at the checkpoint, in which a customs officer lost an eye.", "What does Armenia blame Azerbaijan for?", "What does Azerbaijan blame Armenia for?"),
    both_ways("swap", "Leipzig gave Bruges their second keeper for the season and Bruges gave Leipzig an option on a Senegalese winger in return.", "What did Leipzig give Bruges?", "What did Bruges give Leipzig?"),
    neither("joint-statement", "In a joint statement, Japan and Australia expressed concern about the militarisation of the reefs and called on all sides to show restraint.", "What did Japan call on Australia to do?", "What did Australia call on Japan to do?"),
    neither("talks-with", "The unions held talks with Rhône Chimie on Tuesday, the third round since the plant was idled, and will meet the company again on Friday.", "What did the unions demand of Rhône Chimie?", "What did Rhône Chimie demand of the unions?"),
    neither("married", "The actress Olga Tverdova married the director Ben Castle in 2016, and the couple have two daughters and a house on Lake Como.", "What did Olga Tverdova sue Ben Castle for?", "What did Ben Castle sue Olga Tverdova for?"),
    neither("third-sues", "Greenpeace is suing Norway over its permits for mining on the sea floor, which Iceland has likewise criticised as premature.", "Why is Norway suing Iceland?", "Why is Iceland suing Norway?"),
    neither("other-object", "Uganda has bought six second-hand jets from Turkey, while neighbouring Rwanda is still looking for a supplier of trainer aircraft.", "What has Uganda bought from Rwanda?", "What has Rwanda bought from Uganda?"),
    neither("trade-between", "Trade between Vietnam and Mexico rose by a third last year, chiefly because of the shoes and screens that are assembled around Haiphong.", "What does Vietnam sell to Mexico?", "What does Mexico sell to Vietnam?"),
    neither("same-group", "Brazil, which plays Serbia and Cameroon in the group, has lost only one of its last twenty matches and is the favourite of the bookmakers.", "Who beat Serbia?", "Whom did Serbia beat?"),
    neither("reported-quarrel", "A quarrel over water pits the farmers of the upper valley against the brewery in the town, and the council has promised to decide by May.", "What did the farmers promise the brewery?", "What did the brewery promise the farmers?"),
    neither("fired-missile", "Yemen's rebels fired a missile towards the port, and Israel's air defence brought it down over the Red Sea before any alarm had sounded.", "Whom did Israel fire?", "Who fired Israel?"),
    neither("noun-only", "The Swedish-Danish border was closed for three hours on Monday because of a suspicious bag found in a train from Malmö.", "What does Sweden demand from Denmark?", "What does Denmark demand from Sweden?"),
    neither("expected-forecast", "Spain is expected to beat Germany in the number of visitors this summer, the tourism council said, with more than 90 million guests.", "What does Germany expect from Spain?", "What does Spain expect from Germany?"),
    neither("sell-shares", "Lenders to the shipyard have begun to sell their loans at half their value, and Baltmar, its biggest customer, has cancelled two ferries.", "What did Baltmar sell to the lenders?", "What did the lenders sell to Baltmar?"),
]  # fmt: skip

# And after the second: 40 of 52 pairs, 81 of 104 verdicts.
THIRD = [
    one_way("expel", "The conservatives expelled the deputy Lars Ottesen from their parliamentary group on Friday for voting with the opposition on the tunnel.", "Why did the conservatives expel Lars Ottesen?", "Why did Lars Ottesen expel the conservatives?"),
    one_way("mock", "In front of the cameras the prime minister mocked her predecessor, Jorge Salas, as a man who had opened the same bridge three times.", "How did the prime minister mock Jorge Salas?", "How did Jorge Salas mock the prime minister?"),
    one_way("visit", "President Yoon will visit Ottawa in early June for talks on critical minerals, his first trip abroad since the inauguration.", "When will Yoon visit Canada?", "When will Canada visit Yoon?"),
    one_way("evict-passive-first", "Squatters were cleared from the old brewery by the police of Ghent at dawn on Tuesday, and nobody was hurt.", "Who cleared the squatters from the brewery?", "Whom did the squatters clear from the brewery?"),
    one_way("finance-through", "For more than a decade the Kremlin financed the party of Marius Leroux through a bank in Limassol, according to a French magistrate.", "How did Russia finance the party of Marius Leroux?", "How did the party of Marius Leroux finance Russia?"),
    one_way("subpoena", "A Senate committee has subpoenaed the social network Chirpa for all its messages with advertisers since the merger.", "What has the Senate committee subpoenaed Chirpa for?", "What has Chirpa subpoenaed the Senate committee for?"),
    one_way("dismiss-ambassador", "Zambia's new president dismissed his ambassador in Beijing, Mary Chanda, on Wednesday after she had criticised the terms of the rescheduled debt.", "Why did Zambia's president dismiss Mary Chanda?", "Why did Mary Chanda dismiss Zambia's president?"),
    one_way("pressure-light", "Washington has put heavy pressure on The Hague to stop the export of the newest chip-making machines, a Dutch minister told parliament.", "What is the US pressing the Netherlands to do?", "What is the Netherlands pressing the US to do?"),
    one_way("comply-demand", "Lagoona, which runs 40 water parks, gave in on Thursday to the demand of its lifeguards for a break every two hours.", "What did the lifeguards demand from Lagoona?", "What did Lagoona demand from the lifeguards?"),
    one_way("under-orders", "The mine was told by the provincial government of Salta to halt pumping until a study of the lagoon had been finished.", "What did the government of Salta tell the mine to do?", "What did the mine tell the government of Salta to do?"),
    one_way("permit-noun", "Iceland has granted a whaling permit for five years to the company Hvalfangar, the only one that still hunts fin whales.", "What has Iceland granted Hvalfangar?", "What has Hvalfangar granted Iceland?"),
    one_way("hand-down", "Judge Carla Ortega sentenced the former police chief Ramón Vidal to eleven years in prison for selling the names of informers.", "Why did Carla Ortega sentence Ramón Vidal?", "Why did Ramón Vidal sentence Carla Ortega?"),
    one_way("beat-in-final", "Having lost the first set in barely twenty minutes, Mirja Laine came back to beat the top seed, Ana Souza, 2-6, 7-5, 6-4.", "By what score did Mirja Laine beat Ana Souza?", "By what score did Ana Souza beat Mirja Laine?"),
    one_way("sell-player", "Rennes sold their captain to Leverkusen for 31 million euros last summer and have not won away from home since.", "For how much did Rennes sell their captain to Leverkusen?", "For how much did Leverkusen sell their captain to Rennes?"),
    one_way("knock-out", "Norway knocked Belgium out of the tournament on Sunday with a goal in the last minute of extra time.", "When did Norway knock Belgium out of the tournament?", "When did Belgium knock Norway out of the tournament?"),
    one_way("draft", "The Chicago Comets have traded their goalkeeper to the Denver Peaks for two draft picks and a sum that was not disclosed.", "Whom have the Chicago Comets traded to the Denver Peaks?", "Whom have the Denver Peaks traded to the Chicago Comets?"),
    one_way("besiege", "For the fourth week running, government troops are besieging the last stronghold of the Brotherhood of the Lake, where food is running out.", "For how long have government troops been besieging the Brotherhood?", "For how long has the Brotherhood been besieging government troops?"),
    one_way("ambush", "Fighters of the Red Valley Front ambushed a Kenyan patrol on the road to Mandera, killing four soldiers and taking two more with them.", "Where did the Red Valley Front ambush the Kenyans?", "Where did the Kenyans ambush the Red Valley Front?"),
    one_way("supply-of", "Pyongyang has supplied Moscow with more than a million shells since last autumn, intelligence officials in Seoul told lawmakers.", "How many shells has North Korea supplied to Russia?", "How many shells has Russia supplied to North Korea?"),
    one_way("free-hostage", "The kidnappers freed the engineer Paul Brandl on Monday after ninety days, although his company insists that it paid them nothing.", "When did the kidnappers free Paul Brandl?", "When did Paul Brandl free the kidnappers?"),
    one_way("condition-on", "As a condition for the loan, the World Bank requires Malawi to cut the subsidy on fertiliser by a third within two years.", "What does the World Bank require of Malawi?", "What does Malawi require of the World Bank?"),
    one_way("await-from", "Ukraine is still awaiting an answer from Germany about the cruise missiles that it asked for in the spring.", "What is Ukraine awaiting from Germany?", "What is Germany awaiting from Ukraine?"),
    one_way("claim-damages", "The widow is claiming 2 million francs in damages from the railway, which she holds responsible for the broken signal.", "How much is the widow claiming from the railway?", "How much is the railway claiming from the widow?"),
    one_way("cheat", "Dozens of pensioners say that the broker Neil Crane cheated them of their savings with bonds that never existed.", "What do pensioners say Neil Crane cheated them of?", "What does Neil Crane say pensioners cheated him of?"),
    one_way("inform", "Ground staff had informed the captain, Petra Wolff, of the ice on the wing ten minutes before take-off, the report concludes.", "What had ground staff informed Petra Wolff of?", "What had Petra Wolff informed ground staff of?"),
    one_way("treat", "Dr Samuel Osei, who treated the general for malaria in 2009, described him as an impatient man who talked of nothing but horses.", "What did Samuel Osei treat the general for?", "What did the general treat Samuel Osei for?"),
    one_way("cite-study", "A team in Lund has shown that the mould kills the beetle by growing into its brain, and not, as had been thought, by starving it.", "How does the mould kill the beetle?", "How does the beetle kill the mould?"),
    one_way("parasite", "The cuckoo wasp deceives the bee with a coat of borrowed scent, slips into the nest and lays its own eggs beside hers.", "How does the cuckoo wasp deceive the bee?", "How does the bee deceive the cuckoo wasp?"),
    one_way("vaccine-donor", "Cambodia was given a million doses by China in February, well before any arrived from the international scheme.", "How many doses did China give Cambodia?", "How many doses did Cambodia give China?"),
    one_way("aid-cut", "Sweden has cut off its aid to Burkina Faso, which it accuses of having sent recruiters of mercenaries to the camps.", "What does Sweden accuse Burkina Faso of?", "What does Burkina Faso accuse Sweden of?"),
    one_way("shelter", "Some four thousand Sudanese have been sheltered by families in the Chadian town of Adré, many of them with hardly any food of their own.", "Who has sheltered the Sudanese?", "Whom have the Sudanese sheltered?"),
    one_way("guarantee-loan", "The Treasury guarantees the steelmaker Brennock a loan of 200 million pounds, provided that both blast furnaces are kept alight.", "What does the Treasury guarantee Brennock?", "What does Brennock guarantee the Treasury?"),
    one_way("union-accept", "Deckhands at Fjordline have rejected the company's offer of a bonus of 900 euros and will walk out on Saturday.", "What has Fjordline offered its deckhands?", "What have the deckhands offered Fjordline?"),
    one_way("blacklist", "The supermarket chain Plenty has struck the sausage maker Hofer off its list of suppliers because of the conditions in its slaughterhouse.", "Why has Plenty struck Hofer off its list?", "Why has Hofer struck Plenty off its list?"),
    one_way("pension", "Former employees owe it to the judge Elisa Marino that the fund has to pay them; they owe the lawyers of Brightwell nothing.", "What do former employees owe Elisa Marino?", "What does Elisa Marino owe former employees?"),
    one_way("pronoun-they-them", "They accused him of having sold the family's paintings behind their backs and of having kept the money.", "What did the sisters accuse Anton Reich of?", "What did Anton Reich accuse the sisters of?", before="Anton Reich met his two sisters before the notary on Thursday."),
    one_way("its-neighbour", "It has asked its eastern neighbour, Belarus, to take back the migrants whom the border guards picked up in the forest.", "What has Lithuania asked Belarus to do?", "What has Belarus asked Lithuania to do?", before="Lithuania has declared a state of emergency in four districts."),
    one_way("surname-spokesman", "Kallas's spokesman said that she expected Beijing to use its influence on Tehran before the talks in Geneva resumed.", "What does Kallas expect of China?", "What does China expect of Kallas?", before="Kaja Kallas, the EU's foreign policy chief, flew to Geneva on Tuesday."),
    one_way("headline-sue", "Ex-minister sues tabloid over hacked phone messages", "Why does the ex-minister sue the tabloid?", "Why does the tabloid sue the ex-minister?"),
    one_way("headline-ask", "Athens asks Brussels for planes to fight fires on Evia", "what does greece ask the eu for", "what does the eu ask greece for"),
    one_way("headline-by", "Striking nurses promised extra pay by regional government", "What did the regional government promise the nurses?", "What did the nurses promise the regional government?"),
    both_ways("mutual", "The two mayors, Iris Feld and Tom Hauser, accuse each other of having leaked the draft of the merger to the local paper.", "What does Iris Feld accuse Tom Hauser of?", "What does Tom Hauser accuse Iris Feld of?"),
    both_ways("demands-both", "Cyprus wants Turkey to withdraw its drill ship, and Ankara wants the Cypriots to share the gas before a single well is opened.", "What does Cyprus want from Turkey?", "What does Turkey want from Cyprus?"),
    neither("dialogue", "Kosovo and Albania opened a common border post in the mountains on Monday, and lorries will be checked there only once.", "What does Kosovo owe Albania?", "What does Albania owe Kosovo?"),
    neither("co-plaintiffs", "Meriton and Gasworks are suing the ministry together over the auction, and expect a ruling before the end of the year.", "Why is Meriton suing Gasworks?", "Why is Gasworks suing Meriton?"),
    neither("third-pays", "The insurer paid the orchestra 80,000 euros for the cello, which had fallen off a trolley at the airport in Vienna.", "How much did the orchestra pay the airport?", "How much did the airport pay the orchestra?"),
    neither("neighbours", "South Africa lies to the east of Namibia and buys most of its beef, while its own herds have been hit by foot-and-mouth disease.", "What did Namibia accuse South Africa of?", "What did South Africa accuse Namibia of?"),
    neither("teammates", "Haugen and Petit both signed for Lyon in the summer, and both have scored four times in their first nine matches.", "What did Haugen promise Petit?", "What did Petit promise Haugen?"),
    neither("asked-about", "Asked about the talks with Estonia, the Latvian premier said only that the weather in Tartu had been splendid.", "What did Latvia ask Estonia for?", "What did Estonia ask Latvia for?"),
    neither("beaten-by-other", "Uruguay were beaten by Chile on Tuesday, while Peru drew with Paraguay in Lima and stay at the bottom of the table.", "Who beat Peru?", "Whom did Peru beat?"),
    neither("sell-abroad", "Hungary sells most of its buses abroad, and Slovakia has lately begun to build trolleybuses for cities in the region.", "What does Hungary sell to Slovakia?", "What does Slovakia sell to Hungary?"),
    neither("expected-to-win", "Moreau is expected to win the seat easily, according to pollsters, though Diallo has drawn larger crowds in the suburbs.", "What does Moreau expect from Diallo?", "What does Diallo expect from Moreau?"),
]  # fmt: skip

# And after the third: 35 of 40 pairs, 70 of 80 verdicts.
FOURTH = [
    one_way("overrule", "The constitutional court overruled the electoral commission on Monday and ordered a recount in three provinces.", "When did the constitutional court overrule the electoral commission?", "When did the electoral commission overrule the constitutional court?"),
    one_way("flatter", "At the dinner in Riyadh the American president flattered his host, Prince Khalid, as the greatest builder since the pharaohs.", "How did the American president flatter Prince Khalid?", "How did Prince Khalid flatter the American president?"),
    one_way("boycott", "Fans of Hertha Nord have boycotted the brewery Altbräu since it bought the naming rights to their stadium.", "Why have fans boycotted Altbräu?", "Why has Altbräu boycotted fans?"),
    one_way("rely-on-for", "Nearly all the farms in the delta rely on Cambodian pickers for the harvest, the ministry of labour in Bangkok estimates.", "What do the farms rely on Cambodian pickers for?", "What do Cambodian pickers rely on the farms for?"),
    one_way("credit-to", "Rutte credited Merz with having found the compromise, which had eluded three summits of the alliance.", "What did Rutte credit Merz with?", "What did Merz credit Rutte with?"),
    one_way("question-police", "Detectives questioned the actor Leo Marsh for five hours on Sunday about the disappearance of his agent.", "For how long did detectives question Leo Marsh?", "For how long did Leo Marsh question detectives?"),
    one_way("smuggle", "The ring smuggled at least ninety Vietnamese from Antwerp to Hull in refrigerated lorries, the prosecutor told the court.", "How many Vietnamese did the ring smuggle to Hull?", "Whom did Hull smuggle to the ring?"),
    one_way("bribe", "The contractor Duvall bribed the harbour master, Serge Pons, with a sailing boat worth 140,000 euros, investigators believe.", "What did Duvall bribe Serge Pons with?", "What did Serge Pons bribe Duvall with?"),
    one_way("sentence-by", "Three former directors of Ostbank were banned by the regulator from running any financial firm until 2035.", "For how long did the regulator ban the directors of Ostbank?", "For how long did the directors of Ostbank ban the regulator?"),
    one_way("liable", "Under the ruling, Maran Shipping must compensate the fishermen of Oia for three lost seasons within ninety days.", "What must Maran Shipping compensate the fishermen for?", "What must the fishermen compensate Maran Shipping for?"),
    one_way("warn-of", "The WHO warned Angola in April of an outbreak of cholera that might spread along the railway to the coast.", "What did the World Health Organization warn Angola of?", "What did Angola warn the World Health Organization of?"),
    one_way("join-by", "Lena Braun was lured away from Axiom by its rival Corelight with a salary twice as high and a laboratory of her own.", "How did Corelight lure Lena Braun away from Axiom?", "How did Axiom lure Lena Braun away from Corelight?"),
    one_way("contract-to", "The navy has awarded a contract for six minehunters to the Frisian shipyard Damsma, whose order book had been almost empty.", "What has the navy awarded to Damsma?", "What has Damsma awarded to the navy?"),
    one_way("nudge", "Beijing is nudging Pyongyang to return to the talks, diplomats in Seoul say, by letting fewer tankers cross the Yalu.", "What is China nudging North Korea to do?", "What is North Korea nudging China to do?"),
    one_way("mediate-promise", "In a letter made public on Sunday, the archbishop promised the victims that the files of the seminary would be opened.", "What did the archbishop promise the victims?", "What did the victims promise the archbishop?"),
    one_way("let-down", "Tottenfield let the striker Idris Bello leave for Porto in January, a decision that its manager now calls a mistake.", "When did Tottenfield let Idris Bello leave?", "When did Idris Bello let Tottenfield leave?"),
    one_way("eliminate", "Japan eliminated Brazil on penalties in the quarter-final in Lyon, the first Asian side ever to do so.", "When did Japan eliminate Brazil?", "When did Brazil eliminate Japan?"),
    one_way("disqualify", "The stewards disqualified Sato for blocking Ricci on the last lap and gave the Italian the win.", "Why did the stewards disqualify Sato?", "Why did Sato disqualify the stewards?"),
    one_way("bomb", "Turkish jets bombed Kurdish positions north of Mosul for the third night in a row, residents of two villages said.", "For how many nights did Turkey bomb the Kurds?", "For how many nights did the Kurds bomb Turkey?"),
    one_way("pursue", "The coastguard of Senegal pursued a Chinese trawler for eleven hours before its captain switched off the engine.", "For how long did Senegal pursue the Chinese trawler?", "For how long did the Chinese trawler pursue Senegal?"),
    one_way("give-way", "Only after the Emirates had lent it two tankers was Oman able to supply the island with drinking water again.", "What did the Emirates lend Oman?", "What did Oman lend the Emirates?"),
    one_way("pollinate", "The moths pollinate the yucca at night and in return lay their eggs in its flowers, an exchange that fascinated Darwin.", "When do the moths pollinate the yucca?", "When does the yucca pollinate the moths?"),
    one_way("succeed-by-noun", "The biologist Ruth Adeyemi attributes the find to her assistant Ken Ito, who insisted on sieving the mud a second time.", "What does Ruth Adeyemi attribute to Ken Ito?", "What does Ken Ito attribute to Ruth Adeyemi?"),
    one_way("return-to", "The museum in Leiden returned 300 bronzes to Nigeria in February, a quarter of what it holds from the raid of 1897.", "What did the museum return to Nigeria?", "What did Nigeria return to the museum?"),
    one_way("insure", "Lloyd's stopped insuring the ferries of Blue Aegean after the second grounding in a month.", "When did Lloyd's stop insuring Blue Aegean?", "When did Blue Aegean stop insuring Lloyd's?"),
    one_way("cut-off", "Gazprom cut off Moldova on New Year's Day over a debt that the government in Chisinau says it does not owe.", "Why did Gazprom cut off Moldova?", "Why did Moldova cut off Gazprom?"),
    one_way("deny-access", "Venezuela is refusing Guyana's surveyors access to the west bank of the river until the court has ruled.", "What is Venezuela refusing Guyana?", "What is Guyana refusing Venezuela?"),
    one_way("repeat-call", "Merkel's former adviser repeated his call on Berlin to buy back the grid from its Dutch owner.", "What did the adviser call on Germany to do?", "What did Germany call on the adviser to do?"),
    one_way("reject-demand", "The rail company dismissed the demand of the drivers' union for a four-day week as something out of a fairy tale.", "What did the drivers' union demand of the rail company?", "What did the rail company demand of the drivers' union?"),
    one_way("he-it", "He wants it to sell its forests and to give the money to the pension fund within a year.", "What does Pål Moe want the church to do?", "What does the church want Pål Moe to do?", before="Pål Moe, the finance minister, has quarrelled with the church."),
    one_way("latter", "The bank has since sued him for 12 million euros, the sum that the auditors could not find.", "How much has Banco Lira sued Hugo Paz for?", "How much has Hugo Paz sued Banco Lira for?", before="Hugo Paz left Banco Lira in May."),
    one_way("headline-back", "Unions back Rossi in race for Turin mayor", "Whom do the unions back in Turin?", "Who backs the unions in Turin?"),
    one_way("headline-arrest", "Police arrest three teenagers over fire at synagogue", "Why did police arrest the teenagers?", "Why did the teenagers arrest police?"),
    one_way("quote-inverted", "“Ankara owes us an explanation,” said the Greek foreign minister, Eleni Vlachou, after the frigate had turned back.", "What does Turkey owe Greece?", "What does Greece owe Turkey?"),
    neither("play-each", "Celtic play Hibernian at home on Saturday, three days before they travel to Bruges in the Europa League.", "What did Celtic pay Hibernian?", "What did Hibernian pay Celtic?"),
    neither("share", "Niger and Burkina Faso share a border of six hundred kilometres that neither army has patrolled since the spring.", "What did Niger lend Burkina Faso?", "What did Burkina Faso lend Niger?"),
    neither("third-warns", "NATO has warned Serbia that any incident at the monastery would be answered, and Kosovo has closed the road to it.", "What has Kosovo warned Serbia of?", "What has Serbia warned Kosovo of?"),
    neither("sued-apart", "Both Ellery and the Marlow Trust were sued by the heirs in 2019, and both settled out of court within the year.", "Why did Ellery sue the Marlow Trust?", "Why did the Marlow Trust sue Ellery?"),
    neither("price", "Cocoa from Ghana costs more than cocoa from the Ivory Coast because the beans are dried for longer.", "What does Ghana buy from the Ivory Coast?", "What does the Ivory Coast buy from Ghana?"),
    neither("interview", "In an interview, the conductor Anja Falk spoke of her years with the tenor Luis Prado and of the fire at La Fenice.", "What does Anja Falk accuse Luis Prado of?", "What does Luis Prado accuse Anja Falk of?"),
]  # fmt: skip

# As agencies write of companies and ministries. On first sight 16 of 30 pairs right, 40 of 60 verdicts.
FIFTH = [
    one_way("completed-acquisition", "Sevran Plc said it completed the acquisition of Mordale Inc, following approval by the holders of its shares.", "Who acquired Mordale?", "Who acquired Sevran?"),
    one_way("agreed-acquire", "Harl Corp said it agreed in principle to acquire Pellworth Inc for 14 dollars a share in cash.", "Who will acquire Pellworth?", "Who will acquire Harl?"),
    one_way("be-acquired-by", "Brinmar Bank said it will be acquired by Tolland Trust in a merger agreement that its board approved on Tuesday.", "Which company will acquire Brinmar Bank?", "Which company will acquire Tolland Trust?"),
    one_way("tender-for", "Cassel Group has begun a tender offer of 41 dollars a share for all of the shares of Dorn Industries that it does not own.", "What has Cassel offered for Dorn Industries?", "What has Dorn Industries offered for Cassel?"),
    one_way("raise-stake", "An investor group led by Paul Rennick told the commission it had raised its stake in Almeda Foods to 8.7 percent.", "How large is Rennick's stake in Almeda Foods?", "How large is Almeda Foods' stake in Rennick's group?"),
    one_way("file-suit", "Vandermeer Shipping filed a suit against the port authority in Hamburg, seeking 30 million marks in damages.", "Why did Vandermeer Shipping sue the port authority?", "Why did the port authority sue Vandermeer Shipping?"),
    one_way("call-on", "Finance ministers of the seven countries called on Corvina to cut its budget deficit and to let its currency rise.", "What did the finance ministers call on Corvina to do?", "What did Corvina call on the finance ministers to do?"),
    one_way("appeal-to-open", "In their statement, the ministers deplored the imbalance and appealed to Nordia to open up its markets.", "What did the ministers appeal to Nordia to do?", "What did Nordia appeal to the ministers to do?"),
    one_way("expect-in-quotes", "The ministers said they “deplore the imbalance in trade and expect Nordia to open up its market more”.", "What do the ministers expect from Nordia?", "What does Nordia expect from the ministers?"),
    one_way("threaten-with-tariffs", "Washington has threatened to impose tariffs of 100 percent on electronic goods from Tamara unless it stops dumping microchips.", "What has Washington threatened Tamara with?", "What has Tamara threatened Washington with?"),
    one_way("accused-of-dumping", "Farmers in Ostland were accused by the Canadian growers' federation of dumping apples below cost.", "Whom did the Canadian growers accuse of dumping?", "Whom did the farmers in Ostland accuse of dumping?"),
    one_way("particle-surname", "External Trade Commissioner Willem van Haag has written to the American negotiator, Clara Yates, to complain about the bill.", "Whom has Van Haag written to?", "Whom has Clara Yates written to?"),
    one_way("abandoned-takeover", "Lorne Mining abandoned its takeover of Tisdale Gold after the bid had been blocked by a court in Perth.", "Who wanted to take over Tisdale Gold?", "Who wanted to take over Lorne Mining?"),
    one_way("cancelled-sale", "Ravel Motors has cancelled the sale of its tractor division to Hungarian investors, a spokesman said.", "To whom was Ravel Motors going to sell its tractor division?", "To whom were the Hungarian investors going to sell their tractor division?"),
    one_way("repay-under", "Ostland will repay 13 percent of its frozen debt to foreign creditors over three years under an agreement reached in Bern.", "What will Ostland repay its creditors?", "What will the creditors repay Ostland?"),
    one_way("reject-proposal", "The unions rejected a proposal by the coal company to spread the layoffs over four years.", "Whose proposal did the unions reject?", "Whose proposal did the coal company reject?"),
    one_way("refuse-drop-opposition", "Salta and Porvenir refuse to drop their opposition to the Commission's plan to sell surplus butter.", "Who opposes the Commission's plan?", "What does the Commission oppose?"),
    one_way("refer-back-asking", "The finance ministers referred the plan back to the Commission, asking it to study ways to solve the row.", "What did the finance ministers ask the Commission to do?", "What did the Commission ask the finance ministers to do?"),
    one_way("grant-privileges", "The securities regulator granted the Midland exchange trading privileges in 25 stocks for a year.", "What did the regulator grant the Midland exchange?", "What did the Midland exchange grant the regulator?"),
    one_way("lend-bank", "The World Bank approved a loan of 120 million dollars to Zarun for the repair of its harbours.", "Who lends Zarun 120 million dollars?", "To whom does Zarun lend 120 million dollars?"),
    one_way("buy-wheat", "Ruvania bought 100,000 tonnes of Canadian wheat at 84 dollars a tonne from the Marden company, traders said.", "From whom did Ruvania buy wheat?", "From whom did Marden buy wheat?"),
    one_way("sold-unit-to", "Delmar Oil said it sold its Texas pipeline unit to Quarry Gas for 310 million dollars.", "Who bought the pipeline unit of Delmar Oil?", "Who bought the pipeline unit of Quarry Gas?"),
    one_way("downgraded", "Moreau's downgraded the debt of Fenwick Air, citing losses on its routes over the Pacific.", "Why did Moreau's downgrade Fenwick Air?", "Why did Fenwick Air downgrade Moreau's?"),
    one_way("urge-passive", "Nordia was urged by the five banks to let its mark rise against the dollar.", "What did the five banks urge Nordia to do?", "What did Nordia urge the five banks to do?"),
    one_way("name-chairman", "Arden Steel named Louis Ferrand chairman, succeeding Otto Brandt, who retired in March.", "Whom did Ferrand succeed?", "Whom did Brandt succeed?"),
    one_way("licence-from", "Tolland Chemical has obtained a licence from Bexley Labs to make the vaccine in South America.", "Who gave Tolland Chemical a licence?", "Who gave Bexley Labs a licence?"),
    one_way("strike-protest", "Pilots of Air Corvina began a 48-hour strike to protest against the airline's refusal to pay them for night flights.", "What do the pilots protest against?", "What does Air Corvina protest against?"),
    one_way("meeting-insist", "Bratnik insisted that the rebels hand over the airport before any talks, a demand which they have rejected twice.", "What did Bratnik demand of the rebels?", "What did the rebels demand of Bratnik?"),
    one_way("supply-under-contract", "Under the contract Velmar Aerospace will supply the Ostland navy with 24 helicopters by the end of next year.", "What will Velmar Aerospace supply the navy with?", "What will the navy supply Velmar Aerospace with?"),
    one_way("retaliate-against", "The Community would retaliate against American almonds if Congress passed quotas on textiles, its ambassador said.", "Against whom would the Community retaliate?", "Against whom would the Americans retaliate?"),
]  # fmt: skip

PAIRS = [*FIRST, *SECOND, *THIRD, *FOURTH, *FIFTH]


def verdict_of(pair: Pair, question: str) -> Direction:
    """As the scorer asks it: names from the title, the sentence and what stood before it."""
    previous = tuple(LANGUAGE.parse([pair.before])) if pair.before else ()
    (sentence,) = LANGUAGE.parse([pair.sentence])
    title = tuple(LANGUAGE.parse([pair.title])) if pair.title else ()
    aliases = document_aliases([*title, *previous, sentence])
    names = [e.text for p in (*title, *previous, sentence) for e in p.entities]
    context = Context(title=pair.title, previous=previous, aliases=aliases)
    return direction(LANGUAGE.parse_question(question, names), sentence, context)


# What the rules or the small model can't do yet, and why. The list can't rot: a pair that has
# become right must leave it.
KNOWN_WRONG = {
    "whose-relcl": "“whose publisher he has accused”: the object stands before its verb, in a relative clause",
    "rob-of": "the parser makes the monks, whom the thieves were disguised as, the subject",
    "latter": "“the bank” is not seen to be Banco Lira: the name has another language's word for it",
    "cheat": "the question's second clause (“what do A say B did”) is not read",
    "tender-for": "the mirrored question's verb is taken for any offer, not for that of a takeover",
    "raise-stake": "“how large is A's stake in B” is not read as a relation",
    "accused-of-dumping": "“the farmers in Ostland” are not seen to be “farmers in Ostland”, whose head is a trade",
    "abandoned-takeover": "what somebody “wanted to” do is not looked for behind a takeover",
    "reject-proposal": "“whose proposal” is not read as somebody's",
    "refuse-drop-opposition": "“opposes the Commission's plan” has a plan for its object, and no party",
    "buy-wheat": "two phrases stand between “bought” and “from the company”; the parser ties it to the price",
    "downgraded": "in the question, the parser takes “Moreau's” for a possessor and the verb for a noun",
    "strike-protest": "“the airline” is not seen to be Air Corvina, which is named within the subject",
}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.id)
def test_both_verdicts(pair: Pair) -> None:
    found = tuple(verdict_of(pair, q) for q in (pair.asked, pair.mirrored))
    verdicts = tuple(f.verdict for f in found)
    if pair.id in KNOWN_WRONG:
        assert verdicts != pair.verdicts, "right now: take it off the list"
        # An answer that goes unnoticed is a pity, one that is turned away is a fault.
        assert REVERSED not in {
            v for v, right in zip(verdicts, pair.verdicts, strict=True) if right is SAME
        }
    else:
        assert verdicts == pair.verdicts, [f.reason for f in found]


def test_the_table_is_as_large_as_it_says() -> None:
    ids = Counter(pair.id for pair in PAIRS)
    assert max(ids.values()) == 1
    assert ids.keys() >= KNOWN_WRONG.keys()
    assert len(KNOWN_WRONG) <= 0.05 * len(PAIRS)
    assert len(PAIRS) >= 120
    assert sum(pair.verdicts == (UNKNOWN, UNKNOWN) for pair in PAIRS) >= 30
    asked = [relation_of(LANGUAGE.parse_question(pair.asked)) for pair in PAIRS]
    assert len({relation.predicate for relation in asked if relation is not None}) >= 90
