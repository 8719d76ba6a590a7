"""Who does what to whom. The tables are of our own making; the counts at the end are measured on
the project's news set."""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from assistant.direction import (
    Context,
    Direction,
    Verdict,
    direction,
    document_aliases,
    relation_of,
    relations_in,
    speaker,
)
from assistant.language import Language

LANGUAGE = Language()
SAME, REVERSED, UNKNOWN = Verdict.SAME, Verdict.REVERSED, Verdict.UNKNOWN

# (question, sentence, sentences before it, verdict)
PAIRS: list[tuple[str, str, str, Verdict]] = [
    # --- demand: active, by verb and form
    ("What does France expect from Italy?", "France expects Italy to close its ports to the fleet.", "", SAME),
    ("What does Italy expect from France?", "France expects Italy to close its ports to the fleet.", "", REVERSED),
    ("what does italy expect from france", "France expects Italy to close its ports to the fleet.", "", REVERSED),
    ("What is Japan asking India for?", "Tokyo is asking Delhi for access to its rare-earth mines.", "", SAME),
    ("What is India asking Japan for?", "Tokyo is asking Delhi for access to its rare-earth mines.", "", REVERSED),
    ("What has Chile ordered Peru to do?", "Chile has ordered Peru to withdraw its patrol boats by Friday.", "", SAME),
    ("How much money does Norvik want from Talmere?", "Norvik is demanding 40 million euros in compensation from Talmere.", "", SAME),
    ("How much money does Talmere want from Norvik?", "Norvik is demanding 40 million euros in compensation from Talmere.", "", REVERSED),
    ("What is expected of Canada by Mexico?", "Mexico expects Canada to lift its quotas on sugar.", "", SAME),
    ("What is expected of Mexico by Canada?", "Mexico expects Canada to lift its quotas on sugar.", "", REVERSED),
    ("What is Egypt expected to do by Sudan?", "Sudan expects Egypt to share data on the flow of the Nile.", "", SAME),
    ("What is Sudan expected to do by Egypt?", "Sudan expects Egypt to share data on the flow of the Nile.", "", REVERSED),
    ("What demands did Kenya make of Ethiopia?", "Kenya demanded that Ethiopia halt work on the dam.", "", SAME),
    ("What demands did Ethiopia make of Kenya?", "Kenya demanded that Ethiopia halt work on the dam.", "", REVERSED),
    ("Which request did Greece make of Turkey that was turned down?", "Greece had requested from Turkey the return of two pilots, but the request was rejected.", "", SAME),
    ("Poland's demands on Germany", "Poland wants Germany to pay for the damage to the bridge.", "", SAME),
    ("Germany's demands on Poland", "Poland wants Germany to pay for the damage to the bridge.", "", REVERSED),
    ("US expectations of Europe", "Washington expects the Europeans to shoulder the costs.", "", SAME),
    ("European expectations of the US", "Washington expects the Europeans to shoulder the costs.", "", REVERSED),
    ("What did the UN ask of Yemen?", "Yemen has been asked by the United Nations to open the airport.", "", SAME),
    ("What did Yemen ask of the UN?", "Yemen has been asked by the United Nations to open the airport.", "", REVERSED),
    ("What do the nurses want from the ministry?", "The nurses want the ministry to hire 2,000 more staff.", "", SAME),
    ("What does the ministry want from the nurses?", "The nurses want the ministry to hire 2,000 more staff.", "", REVERSED),
    ("How many officers does the bloc want from Chile?", "The bloc expects Chile to send 1,500 officers.", "Members of the Southern Compact met in May.", SAME),
    ("What do the pilots demand?", "The pilots are demanding a rise of nine per cent.", "", SAME),
    ("What did Sweden urge Norway to do?", "Sweden urged Norway on Monday to reopen the border.", "", SAME),
    ("What did Norway urge Sweden to do?", "Sweden urged Norway on Monday to reopen the border.", "", REVERSED),
    ("What is Brazil pressing Argentina to do?", "Brazil, which is pressing Argentina to cut tariffs, said talks would resume.", "", SAME),
    ("What is Argentina pressing Brazil to do?", "Brazil, which is pressing Argentina to cut tariffs, said talks would resume.", "", REVERSED),
    ("What did Iran call on Iraq to do?", "Iran called on Iraq to expel the militia.", "", SAME),
    ("What did Iraq call on Iran to do?", "Iran called on Iraq to expel the militia.", "", REVERSED),
    ("What does the landlord require of the tenants?", "The landlord requires the tenants to insure their belongings.", "", SAME),
    ("What do the tenants require of the landlord?", "The landlord requires the tenants to insure their belongings.", "", REVERSED),
    ("What does Vietnam expect from Thailand?", "Thailand understands that Vietnam expects it to open its markets.", "", SAME),
    ("What does Thailand expect from Vietnam?", "Thailand understands that Vietnam expects it to open its markets.", "", REVERSED),
    ("In the view of Finland, what must Russia do?", "Finland insists that Russia must withdraw its troops.", "", SAME),
    ("What does Finland think Russia should do?", "Finland insists that Russia must withdraw its troops.", "", SAME),
    ("What does Russia think Finland should do?", "Finland insists that Russia must withdraw its troops.", "", REVERSED),
    ("What does Spain want from Morocco?", "Spain's demand for a new fisheries treaty from Morocco has not been met.", "", SAME),
    ("What did Austria reject?", "Hungary rejected Austria's request for joint patrols.", "", UNKNOWN),
    ("What did Austria request from Hungary?", "Hungary rejected Austria's request for joint patrols.", "", SAME),
    ("What did Hungary request from Austria?", "Hungary rejected Austria's request for joint patrols.", "", REVERSED),
    ("What request did Serbia make of Croatia?", "A request from Serbia to Croatia for the files went unanswered.", "", SAME),
    ("What request did Croatia make of Serbia?", "A request from Serbia to Croatia for the files went unanswered.", "", REVERSED),
    ("What does Estonia expect of Latvia?", "Moscow expects Beijing to buy more gas.", "", UNKNOWN),
    ("What does Europe expect from China?", "Europe sent a delegation to Beijing last week.", "", UNKNOWN),
    # --- accusation
    ("What does Pakistan accuse India of?", "Pakistan accused India of firing across the line of control.", "", SAME),
    ("What does India accuse Pakistan of?", "Pakistan accused India of firing across the line of control.", "", REVERSED),
    ("what does india acuse pakistan of", "Pakistan accused India of firing across the line of control.", "", REVERSED),
    ("What is India accused of by Pakistan?", "India was accused by Pakistan of firing across the line of control.", "", SAME),
    ("What is Pakistan accused of by India?", "India was accused by Pakistan of firing across the line of control.", "", REVERSED),
    ("Who accuses Velloria of spying?", "Ostmark accuses Velloria of spying on its fleet.", "", SAME),
    ("Who accuses Ostmark of spying?", "Ostmark accuses Velloria of spying on its fleet.", "", REVERSED),
    ("What does Pakistan blame India for?", "India denied any breach and blamed Pakistan for the fire.", "", REVERSED),
    ("What complaint did Norway file against Denmark?", "Denmark lodged a complaint against Norway with the court.", "", REVERSED),
    ("What complaint did Denmark file against Norway?", "Denmark lodged a complaint against Norway with the court.", "", SAME),
    ("What does Halden Motors accuse Castell of?", "It accuses Castell of copying its gearbox.", "Halden Motors went to court on Tuesday.", SAME),
    ("What does Castell accuse Halden Motors of?", "It accuses Castell of copying its gearbox.", "Halden Motors went to court on Tuesday.", REVERSED),
    ("What does Rome accuse Paris of?", "Italian officials accused the French government of blocking trains.", "", SAME),
    ("What does Paris accuse Rome of?", "Italian officials accused the French government of blocking trains.", "", REVERSED),
    # --- transfer and its converses
    ("What did Oman give Yemen?", "Oman gave Yemen three field hospitals.", "", SAME),
    ("What did Yemen give Oman?", "Oman gave Yemen three field hospitals.", "", REVERSED),
    ("What did Yemen get from Oman?", "Oman gave Yemen three field hospitals.", "", SAME),
    ("What did Oman get from Yemen?", "Oman gave Yemen three field hospitals.", "", REVERSED),
    ("How much did Qatar lend Jordan?", "Qatar lent Jordan 300 million dollars in May.", "", SAME),
    ("How much did Jordan lend to Qatar?", "Qatar lent Jordan 300 million dollars in May.", "", REVERSED),
    ("How much did Jordan borrow from Qatar?", "Qatar lent Jordan 300 million dollars in May.", "", SAME),
    ("Who lent money to Tunisia?", "The Gulf Credit Bank lent 90 million euros to Tunisia.", "", SAME),
    ("Who lent money to the Gulf Credit Bank?", "The Gulf Credit Bank lent 90 million euros to Tunisia.", "", REVERSED),
    ("What did Rolvik sell to Teskan?", "Rolvik sold its ferry business to Teskan.", "", SAME),
    ("What did Teskan sell to Rolvik?", "Rolvik sold its ferry business to Teskan.", "", REVERSED),
    ("What did Teskan buy from Rolvik?", "Rolvik sold its ferry business to Teskan.", "", SAME),
    ("What did Rolvik buy from Teskan?", "Rolvik sold its ferry business to Teskan.", "", REVERSED),
    ("What does Zambia owe China?", "Zambia owes China 4 billion dollars.", "", SAME),
    ("What does China owe Zambia?", "Zambia owes China 4 billion dollars.", "", REVERSED),
    ("How much was paid to Celtic by Rangers?", "Rangers paid Celtic two million pounds for the striker.", "", SAME),
    ("How much did Celtic pay Rangers?", "Rangers paid Celtic two million pounds for the striker.", "", REVERSED),
    ("What does Ghana import from Togo?", "Togo exports cement to Ghana.", "", SAME),
    ("What does Togo import from Ghana?", "Togo exports cement to Ghana.", "", REVERSED),
    ("What did Ukraine receive from Germany?", "Kyiv has received 20 tanks from Berlin.", "", SAME),
    ("What did Germany receive from Ukraine?", "Kyiv has received 20 tanks from Berlin.", "", REVERSED),
    ("What was Nepal given by Bhutan?", "Nepal was given 12 buses by Bhutan.", "", SAME),
    ("What was Bhutan given by Nepal?", "Nepal was given 12 buses by Bhutan.", "", REVERSED),
    ("What did Latvia stop supplying to Belarus?", "Latvia halted deliveries of diesel to Belarus in June.", "", SAME),
    ("What did Belarus stop supplying to Latvia?", "Latvia halted deliveries of diesel to Belarus in June.", "", REVERSED),
    # --- promises, threats
    ("What did Cuba promise Venezuela?", "Cuba promised Venezuela 500 doctors.", "", SAME),
    ("What did Venezuela promise Cuba?", "Cuba promised Venezuela 500 doctors.", "", REVERSED),
    ("What was Venezuela promised by Cuba?", "Cuba promised Venezuela 500 doctors.", "", SAME),
    ("What was Cuba promised by Venezuela?", "Cuba promised Venezuela 500 doctors.", "", REVERSED),
    ("What does Malvia guarantee Torvia?", "Malvia guarantees Torvia that its trucks will not be stopped.", "", SAME),
    ("What does Torvia guarantee Malvia?", "Malvia guarantees Torvia that its trucks will not be stopped.", "", REVERSED),
    ("What sanctions did Beijing threaten Washington with?", "The White House threatened China with new sanctions.", "", REVERSED),
    ("What did the US threaten China with?", "The White House threatened China with new sanctions.", "", SAME),
    # --- winning, work, ownership, verbs of no family
    ("Who did Arlen beat in the final?", "Arlen beat Dunmore 3-1 in the final.", "", SAME),
    ("Who did Dunmore beat in the final?", "Arlen beat Dunmore 3-1 in the final.", "", REVERSED),
    ("Who did Arlen lose to?", "Arlen beat Dunmore 3-1 in the final.", "", REVERSED),
    ("Who does Corvex own?", "Corvex is owned by Delmara Holdings.", "", REVERSED),
    ("Why did Apple sue Samsung?", "Samsung sued Apple over a patent for folding screens.", "", REVERSED),
    ("Why did Samsung sue Apple?", "Samsung sued Apple over a patent for folding screens.", "", SAME),
    ("When did Iraq invade Kuwait?", "Kuwait was invaded by Iraq in August 1990.", "", SAME),
    ("When did Kuwait invade Iraq?", "Kuwait was invaded by Iraq in August 1990.", "", REVERSED),
    # --- parties under other names
    ("What does Germany want from Hungary?", "Chancellor Anna Weil wants Budapest to lift its veto.", "German Chancellor Anna Weil spoke in Vienna.", SAME),
    ("What does Hungary want from Germany?", "Weil wants Budapest to lift its veto.", "German Chancellor Anna Weil spoke in Vienna.", REVERSED),
    ("What does Kalmia demand from Ostria?", "The Ostrian ministry was told to pay; Kalmian negotiators demand 3 billion crowns from it.", "Kalmia and Ostria met in Geneva.", SAME),
    ("What does Ostria expect from Kalmia?", "Kalmia's prime minister, Eda Horn, expects Ostrian firms to leave the port.", "Talks between Kalmia and Ostria go on.", REVERSED),
    ("What is the union asking Portex for?", "The Harbour Pilots' Federation is asking Portex Lines for shorter shifts.", "", SAME),
    ("What is the HPF asking Portex for?", "The HPF is asking the shipping company, Portex Lines, for shorter shifts.", "The Harbour Pilots' Federation (HPF) met on Monday.", SAME),
    ("What is Portex asking the pilots' federation for?", "The HPF is asking the shipping company, Portex Lines, for shorter shifts.", "The Harbour Pilots' Federation (HPF) met on Monday.", REVERSED),
    ("What did the Northern Food Agency order Velmo to do?", "The agency has ordered Velmo to recall the yoghurt.", "The Northern Food Agency found mould at Velmo.", SAME),
    ("What did Velmo ask the Northern Food Agency to do?", "The agency has ordered Velmo to recall the yoghurt.", "The Northern Food Agency found mould at Velmo.", REVERSED),
    ("What does the Eastern League expect from Marovia?", "The bloc expects Marovia to send 300 soldiers.", "The Eastern League met in Tarn.", SAME),
    ("What does Marovia expect from the Eastern League?", "The bloc expects Marovia to send 300 soldiers.", "The Eastern League met in Tarn.", REVERSED),
    ("What does Marovia expect from the Eastern League?", "In return, Marovia expects its partners to pay for fuel.", "The Eastern League met in Tarn.", SAME),
    ("What does the United Kingdom want from Ireland?", "British ministers want Dublin to share its radar data.", "", SAME),
    ("What does Ireland want from Britain?", "London wants Dublin to share its radar data.", "", REVERSED),
    # --- no such relation
    ("What did Tidmar concede?", "Tidmar conceded a rise of four per cent.", "", SAME),
    ("What did Denmark promise Iceland?", "Denmark and Iceland share a border in the sea.", "", UNKNOWN),
    ("What does Peru owe Bolivia?", "Bolivia lent Peru a painting in 1950.", "", UNKNOWN),
    ("What is the height of the tower?", "The tower is 90 metres high.", "", UNKNOWN),
    ("What does Kuwait expect from Oman?", "Kuwait expects inflation to fall next year.", "", UNKNOWN),
    ("What does Bahrain expect from Qatar?", "Qatar is expected to win the match.", "", UNKNOWN),
    ("What does Malta accuse Libya of?", "Malta offered Libya two patrol boats.", "", UNKNOWN),
]  # fmt: skip

# Longer, messier sentences, as news has them: a second table, made after the rules were.
NEWS_PAIRS: list[tuple[str, str, str, Verdict]] = [
    ("What does Turkey want from Sweden?", "Ankara has made clear that it wants Stockholm to extradite 33 people before any vote, officials familiar with the talks said.", "", SAME),
    ("What does Sweden want from Turkey?", "Ankara has made clear that it wants Stockholm to extradite 33 people before any vote, officials familiar with the talks said.", "", REVERSED),
    ("What is Serbia asking Kosovo to do?", "Speaking in Belgrade, President Ana Petric asked Kosovo to withdraw its police from the north.", "Serbian President Ana Petric met envoys.", SAME),
    ("What is Kosovo asking Serbia to do?", "Speaking in Belgrade, President Ana Petric asked Kosovo to withdraw its police from the north.", "Serbian President Ana Petric met envoys.", REVERSED),
    ("what does the eu demand of britain", "The European Union on Thursday demanded that the United Kingdom honour the protocol it signed in 2020.", "", SAME),
    ("what does britain demand of the eu", "The European Union on Thursday demanded that the United Kingdom honour the protocol it signed in 2020.", "", REVERSED),
    ("What does Marlowe Steel owe the Coast Bank?", "Marlowe Steel, which has not turned a profit since 2019, owes the Coast Bank some 90 million pounds.", "", SAME),
    ("What does the Coast Bank owe Marlowe Steel?", "Marlowe Steel, which has not turned a profit since 2019, owes the Coast Bank some 90 million pounds.", "", REVERSED),
    ("What did the teachers accuse the council of?", "The council accused the teachers of walking out of the talks and demanded an apology.", "", REVERSED),
    ("What did the council demand from the teachers?", "The council accused the teachers of walking out of the talks and demanded an apology.", "", SAME),
    ("What did Kestrel Air promise its pilots?", "Kestrel Air has promised the pilots a bonus of 2,000 euros.", "", SAME),
    ("What did the pilots promise Kestrel Air?", "Kestrel Air has promised the pilots a bonus of 2,000 euros.", "", REVERSED),
    ("What pressure is Russia putting on Moldova?", "Pressure on Moldova from Moscow has grown since the gas contract ended.", "", SAME),
    ("What pressure is Moldova putting on Russia?", "Pressure on Moldova from Moscow has grown since the gas contract ended.", "", REVERSED),
    ("What does Egypt expect from Ethiopia?", "A binding agreement is what Egypt expects from Ethiopia.", "", SAME),
    ("What does Ethiopia expect from Egypt?", "A binding agreement is what Egypt expects from Ethiopia.", "", REVERSED),
    ("What did Selmar ask Brint for?", "Brint turned down Selmar's request for a second loan.", "", SAME),
    ("What did Brint ask Selmar for?", "Brint turned down Selmar's request for a second loan.", "", REVERSED),
    ("How much did Orvelle pay Tamsin for the mill?", "The mill was sold to Orvelle by Tamsin for 12 million euros.", "", UNKNOWN),
    ("Who sold the mill to Orvelle?", "The mill was sold to Orvelle by Tamsin for 12 million euros.", "", SAME),
    ("What did Orvelle sell to Tamsin?", "The mill was sold to Orvelle by Tamsin for 12 million euros.", "", REVERSED),
    ("What does Lebanon want Israel to do?", "Lebanon wants its southern neighbour to leave five hilltops; Israel has refused.", "Lebanon and Israel agreed on a truce.", SAME),
    ("What does the fishermen's union want from the minister?", "The fishermen's union says the minister must scrap the quota.", "", SAME),
    ("What does the minister want from the fishermen's union?", "The fishermen's union says the minister must scrap the quota.", "", REVERSED),
    ("What weapons did South Korea sell Poland?", "Poland bought 180 tanks from South Korea in 2022.", "", SAME),
    ("What weapons did Poland sell South Korea?", "Poland bought 180 tanks from South Korea in 2022.", "", REVERSED),
    ("Which islands does Japan want Russia to return?", "Japan has long demanded the return of four islands from Russia.", "", SAME),
    ("Which islands does Russia want Japan to return?", "Japan has long demanded the return of four islands from Russia.", "", REVERSED),
    ("What has Meridian Foods offered Hartwell?", "Hartwell received an offer of 3.10 pounds a share from Meridian Foods.", "", SAME),
    ("What has Hartwell offered Meridian Foods?", "Hartwell received an offer of 3.10 pounds a share from Meridian Foods.", "", REVERSED),
    ("What did Varga accuse Lindholm of?", "Lindholm, the finance minister, was accused by Varga of hiding the deficit.", "", SAME),
    ("What did Lindholm accuse Varga of?", "Lindholm, the finance minister, was accused by Varga of hiding the deficit.", "", REVERSED),
    ("What conditions did the IMF set for Sri Lanka?", "The International Monetary Fund requires Sri Lanka to raise taxes before it pays out.", "", SAME),
    ("Why does Amara blame Delos?", "\"Delos let us down,\" said Amara's captain, who blamed Delos for the late start.", "", SAME),
    ("Why does Delos blame Amara?", "\"Delos let us down,\" said Amara's captain, who blamed Delos for the late start.", "", REVERSED),
    ("What did Torhaven give up?", "In return, Torhaven gave up its claim to the sandbank.", "", SAME),
    ("What does NATO want from Turkey?", "Turkey wants NATO allies to stop sheltering its opponents.", "", REVERSED),
    ("what did the players ask the league to do", "The league was asked by the players to shorten the season.", "", SAME),
    ("what did the league ask the players to do", "The league was asked by the players to shorten the season.", "", REVERSED),
    ("What does Georgia's opposition demand from the government?", "The government demands that the opposition end its protests.", "", REVERSED),
    ("What did Taiwan get from the US?", "The United States has delivered 38 tanks to Taiwan.", "", SAME),
    ("What did the US get from Taiwan?", "The United States has delivered 38 tanks to Taiwan.", "", REVERSED),
    ("What is India threatening Pakistan with?", "Delhi threatened to cut off the water if Islamabad did not act.", "", SAME),
    ("What did Ravel & Sons supply to Copperline?", "Copperline had been supplied with valves by Ravel & Sons since 2011.", "", SAME),
    ("What did Copperline supply to Ravel & Sons?", "Copperline had been supplied with valves by Ravel & Sons since 2011.", "", REVERSED),
    ("What does Ireland import from Brazil?", "Brazil's exports of beef to Ireland doubled last year.", "", SAME),
    ("What does Brazil import from Ireland?", "Brazil's exports of beef to Ireland doubled last year.", "", REVERSED),
    ("What aid did Norway promise Malawi?", "Norway's pledge of 40 million dollars to Malawi was never kept.", "", SAME),
    ("What aid did Malawi promise Norway?", "Norway's pledge of 40 million dollars to Malawi was never kept.", "", REVERSED),
    ("What guarantees does Ukraine seek from the US?", "Kyiv is seeking written guarantees from Washington.", "", SAME),
    ("What guarantees does the US seek from Ukraine?", "Kyiv is seeking written guarantees from Washington.", "", REVERSED),
    ("Who hired Quill?", "Quill hired the law firm Batten in March.", "", REVERSED),
    ("Who does Batten work for?", "Quill hired the law firm Batten in March.", "", SAME),
    ("Which country does Latvia want to leave the pact?", "Riga reopened its embassy in Minsk.", "", UNKNOWN),
    ("What did Senegal expect from Mali?", "Gambia expects Mali to pay its share of the bridge.", "", UNKNOWN),
    ("What did Mali accuse Senegal of?", "Gambia accused Guinea of smuggling timber.", "", UNKNOWN),
]  # fmt: skip

# A third, made after the rules for the second.
MORE_PAIRS: list[tuple[str, str, str, Verdict]] = [
    ("what does the goverment want form the unions", "The government wants the unions to drop the strike.", "", SAME),
    ("What does Kyiv's European allies expect from Washington?", "Kyiv’s European allies expect the US to provide air cover.", "", SAME),
    ("Which troops does the US expect Europe to send?", "Europe expects the US to send air defence troops.", "", REVERSED),
    ("What must Europe do for the US?", "The US says Europe must buy more gas.", "", SAME),
    ("What did the Dalmar Group tell Fenwick to do?", "The Dalmar Group told Fenwick to vacate the site by June.", "", SAME),
    ("What did Fenwick tell the Dalmar Group to do?", "The Dalmar Group told Fenwick to vacate the site by June.", "", REVERSED),
    ("What did Fenwick say to the Dalmar Group?", "The Dalmar Group told Fenwick to vacate the site by June.", "", UNKNOWN),
    ("Who criticised Rosmere?", "Rosmere criticised Alder for its handling of the flood.", "", REVERSED),
    ("Who criticised Alder?", "Rosmere criticised Alder for its handling of the flood.", "", SAME),
    ("what are the farmers asking the minister for", "The farmers asked the minister for a moratorium on debt.", "", SAME),
    ("what is the minister asking the farmers for", "The farmers asked the minister for a moratorium on debt.", "", REVERSED),
    ("How much will Orland receive from Pellan each year?", "Pellan will pay Orland 12 million crowns a year for the water.", "", SAME),
    ("How much will Pellan receive from Orland each year?", "Pellan will pay Orland 12 million crowns a year for the water.", "", REVERSED),
    ("How much will Orland pay Pellan each year?", "Pellan will pay Orland 12 million crowns a year for the water.", "", REVERSED),
    ("What does the mayor accuse the governor of?", "The governor, whom the mayor accuses of neglect, said he would sue.", "", SAME),
    ("What does the governor accuse the mayor of?", "The governor, whom the mayor accuses of neglect, said he would sue.", "", REVERSED),
    ("What does Ana Ruiz accuse Tom Berg of?", "Berg said Ruiz had lied to voters and accused her of fraud.", "Ana Ruiz and Tom Berg met on stage.", REVERSED),
    ("What does Tom Berg accuse Ana Ruiz of?", "Berg said Ruiz had lied to voters and accused her of fraud.", "Ana Ruiz and Tom Berg met on stage.", SAME),
    ("What did she accuse Berg of?", "She accused Berg of fraud.", "", SAME),
    ("What is Velden offering Kress?", "In exchange, Kress has been offered free use of the port by Velden.", "", SAME),
    ("What is Kress offering Velden?", "In exchange, Kress has been offered free use of the port by Velden.", "", REVERSED),
    ("Who is threatening to sue the Dorn Bank?", "The Dorn Bank threatened to sue Alpina Insurance.", "", REVERSED),
    ("What does Alpina want the Dorn Bank to do?", "The Dorn Bank threatened to sue Alpina Insurance.", "", UNKNOWN),
    ("Who attacked the convoy?", "The convoy attacked the village.", "", REVERSED),
    ("What has Moscow been told to do by Beijing?", "Beijing told Moscow to stop the shelling.", "", SAME),
    ("What will Ruritania give Sylvania under the treaty?", "Under the treaty, Sylvania will hand over two islands to Ruritania.", "", REVERSED),
    ("What will Sylvania give Ruritania under the treaty?", "Under the treaty, Sylvania will hand over two islands to Ruritania.", "", SAME),
    ("What will Ruritania get from Sylvania?", "Under the treaty, Sylvania will hand over two islands to Ruritania.", "", SAME),
    ("What did Hamel Pharma stop shipping to Denmark?", "Hamel Pharma said it would no longer ship insulin to Denmark.", "", SAME),
    ("What did Denmark stop shipping to Hamel Pharma?", "Hamel Pharma said it would no longer ship insulin to Denmark.", "", REVERSED),
    ("What does the city want from Brightline?", "City officials want Brightline to pay for the repair of the tunnel.", "", SAME),
    ("What does Brightline want from the city?", "City officials want Brightline to pay for the repair of the tunnel.", "", REVERSED),
    ("what does the zoo owe its supplier", "The supplier owes the zoo 3,000 euros.", "", REVERSED),
    ("Who beat Larne?", "Larne were beaten 2-0 by Coldham on Saturday.", "", SAME),
    ("Who beat Coldham?", "Larne were beaten 2-0 by Coldham on Saturday.", "", REVERSED),
    ("Who did Coldham lose to?", "Larne were beaten 2-0 by Coldham on Saturday.", "", REVERSED),
    ("Who did Larne lose to?", "Larne were beaten 2-0 by Coldham on Saturday.", "", SAME),
    ("What does Kalim say about Doret?", "Doret said Kalim had broken the rules.", "", UNKNOWN),
    ("What does the US expect from Europe?", "Trump's envoy said the White House was counting on Europe to pay.", "", SAME),
    ("What does Europe expect from the US?", "European capitals are counting on America to stay in the alliance.", "", SAME),
    ("What does the US expect from Europe?", "European capitals are counting on America to stay in the alliance.", "", REVERSED),
    ("What concessions did Arcadia make to Boetia?", "Arcadia made several concessions to Boetia, including a lower tariff.", "", SAME),
    ("What concessions did Boetia make to Arcadia?", "Arcadia made several concessions to Boetia, including a lower tariff.", "", REVERSED),
    ("What concessions did Arcadia win from Boetia?", "Arcadia made several concessions to Boetia, including a lower tariff.", "", REVERSED),
    ("Who warned Iran?", "Iran warned Israel not to strike again.", "", REVERSED),
    ("What did Israel warn Iran about?", "Iran warned Israel not to strike again.", "", REVERSED),
    ("What does Delta Rail demand of its drivers?", "Delta Rail's drivers demand a four-day week.", "", REVERSED),
    ("What do Delta Rail's drivers demand?", "Delta Rail's drivers demand a four-day week.", "", SAME),
    ("What does Ghana sell to Mali?", "Ghana and Mali signed an agreement; Ghana will sell Mali 200 megawatts of power.", "", SAME),
    ("What does Mali sell to Ghana?", "Ghana and Mali signed an agreement; Ghana will sell Mali 200 megawatts of power.", "", REVERSED),
    ("Who does the bank say must pay?", "The bank said shareholders must pay.", "", SAME),
    ("What was Lorne asked to do by the committee?", "The committee, chaired by Ann Hale, asked Lorne to hand over his diaries.", "", SAME),
    ("What was the committee asked to do by Lorne?", "The committee, chaired by Ann Hale, asked Lorne to hand over his diaries.", "", REVERSED),
    ("what sanctions are the europeans threatening moscow with", "Moscow warned the Europeans of a response.", "", REVERSED),
]  # fmt: skip

# A fourth; 31 of its 41 were right before the rules knew of it.
LAST_PAIRS: list[tuple[str, str, str, Verdict]] = [
    ("What does the EU want from Serbia?", "Brussels has repeatedly said that Belgrade should align its visa policy with that of the bloc.", "", SAME),
    ("What does the EU want from Serbia?", "Serbia wants a clear date for accession from Brussels, its president said.", "", REVERSED),
    ("What did Vellmar Energy promise the villagers?", "The villagers were promised new wells by Vellmar Energy, but none has been dug.", "", SAME),
    ("What did the villagers promise Vellmar Energy?", "The villagers were promised new wells by Vellmar Energy, but none has been dug.", "", REVERSED),
    ("What is Qatar asking Hamas to do?", "Hamas has been under pressure from Qatar to release the hostages.", "", SAME),
    ("What is Hamas asking Qatar to do?", "Hamas has been under pressure from Qatar to release the hostages.", "", REVERSED),
    ("Which company does Norberg accuse of theft?", "Norberg, a maker of drills, has accused its rival Hastel of stealing designs.", "", SAME),
    ("What does Hastel accuse Norberg of?", "Norberg, a maker of drills, has accused its rival Hastel of stealing designs.", "", REVERSED),
    ("How many doses did Pfizer sell Canada?", "Canada ordered 40 million doses from Pfizer.", "", UNKNOWN),
    ("What does Canada buy from Pfizer?", "Canada buys 40 million doses a year from Pfizer.", "", SAME),
    ("What did the striking drivers ask the mayor for?", "The drivers have asked the mayor for a meeting; the mayor has asked them to return to work first.", "", SAME),
    ("What did the mayor ask the striking drivers to do?", "The drivers have asked the mayor for a meeting; the mayor has asked them to return to work first.", "", SAME),
    ("What is the Treasury demanding of the banks?", "Banks will have to hold more capital, the Treasury said.", "", SAME),
    ("What do Tuvia's partners expect from it?", "Tuvia's partners expect it to host the summit.", "", SAME),
    ("What does Tuvia expect from its partners?", "Tuvia's partners expect it to host the summit.", "", REVERSED),
    ("what did lisa gray ask the court to do", "The court asked Gray to return in June.", "Lisa Gray pleaded not guilty.", REVERSED),
    ("what did the court ask lisa gray to do", "The court asked Gray to return in June.", "Lisa Gray pleaded not guilty.", SAME),
    ("What does Elverton owe its lenders?", "Elverton, whose lenders are owed 2 billion dollars, filed for bankruptcy.", "", UNKNOWN),
    ("Who gave Ardley the money?", "Ardley said the money had come from Finch.", "", UNKNOWN),
    ("What did Finch give Ardley?", "Ardley received 5,000 pounds from Finch, the court heard.", "", SAME),
    ("What did Ardley give Finch?", "Ardley received 5,000 pounds from Finch, the court heard.", "", REVERSED),
    ("what is nestor motors suing pavia for", "Pavia is suing Nestor Motors for breach of contract.", "", REVERSED),
    ("Why is Pavia suing Nestor Motors?", "Pavia is suing Nestor Motors for breach of contract.", "", SAME),
    ("What did the rebels demand of the government in the talks?", "In the talks, rebel negotiators demanded the release of 200 prisoners from the government.", "", SAME),
    ("What did the government demand of the rebels in the talks?", "In the talks, rebel negotiators demanded the release of 200 prisoners from the government.", "", REVERSED),
    ("What do allies expect of Germany?", "Germany's allies hope it will double its defence budget.", "", SAME),
    ("What help did Chad ask France for?", "Chad, which had asked France for help against the rebels, has received two helicopters.", "", SAME),
    ("What help did France ask Chad for?", "Chad, which had asked France for help against the rebels, has received two helicopters.", "", REVERSED),
    ("What has the Senate asked the president to hand over?", "Lawmakers in the Senate want the president to hand over his tax returns.", "", SAME),
    ("What did Iceland demand that Britain do?", "Britain rejected Icelandic demands to withdraw its trawlers.", "", SAME),
    ("What did Britain demand that Iceland do?", "Britain rejected Icelandic demands to withdraw its trawlers.", "", REVERSED),
    ("What does Boris want from Clara?", "Clara wants Boris to apologise, but he says she should apologise to him.", "", SAME),
    ("What does Clara want from Boris?", "Clara wants Boris to apologise, but he says she should apologise to him.", "", SAME),
    ("What did the tenants' group accuse Larch Homes of?", "Larch Homes faces accusations from the tenants' group that it ignored the damp.", "", SAME),
    ("What did Larch Homes accuse the tenants' group of?", "Larch Homes faces accusations from the tenants' group that it ignored the damp.", "", REVERSED),
    ("Who will pay for the bridge, Spain or Portugal?", "Spain will pay Portugal 20 million euros for its half of the bridge.", "", UNKNOWN),
    ("What does Zelensky want from Biden?", "Zelensky urged Biden to send long-range missiles.", "", SAME),
    ("What does Biden want from Zelensky?", "Zelensky urged Biden to send long-range missiles.", "", REVERSED),
    ("What ultimatum did Skarn give Ulfland?", "Skarn gave Ulfland until Sunday to reopen the strait.", "", SAME),
    ("What ultimatum did Ulfland give Skarn?", "Skarn gave Ulfland until Sunday to reopen the strait.", "", REVERSED),
]  # fmt: skip

ALL_PAIRS = [*PAIRS, *NEWS_PAIRS, *MORE_PAIRS, *LAST_PAIRS]

# What the small model or our rules can't do yet, by question and sentence. Exactly these.
KNOWN_FAILURES: frozenset[tuple[str, str]] = frozenset(
    pair[:2]
    for pair in LAST_PAIRS
    # Somebody's partners without whose; he and she among bare first names; an ultimatum that is
    # not called one.
    if pair[0].startswith(("What do allies expect", "What does Boris want", "What ultimatum did"))
)


@cache
def verdict_of(question: str, sentence: str, before: str) -> Direction:
    previous = tuple(LANGUAGE.parse([before])) if before else ()
    (parsed,) = LANGUAGE.parse([sentence])
    aliases = document_aliases([*previous, parsed])
    names = [e.text for p in (*previous, parsed) for e in p.entities]
    context = Context(previous=previous, aliases=aliases)
    return direction(LANGUAGE.parse_question(question, names), parsed, context)


def test_the_tables_are_judged_right_save_for_what_is_recorded() -> None:
    wrong = {
        pair[:2]: (found.verdict, pair)
        for pair in ALL_PAIRS
        if (found := verdict_of(*pair[:3])).verdict is not pair[3]
    }
    assert set(wrong) == KNOWN_FAILURES, "\n".join(str(w) for w in wrong.values())
    assert len(ALL_PAIRS) >= 200
    assert len(KNOWN_FAILURES) == 4
    # None of them says "reversed" of a sentence that answers.
    assert not [w for w in wrong.values() if w[0] is REVERSED]
    assert len(KNOWN_FAILURES) <= 0.05 * len(ALL_PAIRS)


def test_a_verdict_explains_itself() -> None:
    found = verdict_of(
        "What does Italy expect from France?", "France expects Italy to close its ports.", ""
    )
    assert found.verdict is REVERSED
    assert 0.5 < found.strength <= 1
    assert (found.question_agent, found.question_counterpart) == ("Italy", "France")
    assert (found.sentence_agent, found.sentence_counterpart) == ("France", "Italy")
    assert found.reason == (
        "The report says what France expects from Italy, not what Italy expects from France."
    )


def test_a_question_of_both_sides_is_never_reversed() -> None:
    sentence = "France expects Italy to close its ports."
    for question in (
        "What does Italy want from France, and what does France want in exchange?",
        "What do Italy and France want from each other?",
    ):
        assert verdict_of(question, sentence, "").verdict is not REVERSED


@pytest.mark.parametrize(
    ("question", "sentence", "another"),
    [
        ("What does Dorvia want from Oak?", "Skaldia wants plums from Oak.", True),
        (
            "which bank does dorvia want readmitted",
            "Skaldia had demanded that a bank be readmitted.",
            True,
        ),
        # The same party, another relation, a doer that may be anyone, or none that is asked about.
        ("What does Skaldia want from Oak?", "Skaldia wants plums from Oak.", False),
        ("What does Dorvia want from Oak?", "Skaldia sold plums to Oak.", False),
        ("What does Dorvia want from Oak?", "The bank wants plums from Oak.", False),
        ("What does Dorvia want from Oak?", "It wants plums from Oak.", False),
        ("Who wants plums from Oak?", "Skaldia wants plums from Oak.", False),
        ("What does the bank want from Oak?", "Skaldia wants plums from Oak.", False),
        # Letters that no key of a keyboard has.
        ("What does Sorensen want from Oak?", "Sørensen wants plums from Oak.", False),
        # A short form, a person who may speak for a body, and a name that is there besides.
        (
            "What does the Fed want from banks?",
            "The Federal Reserve wants banks to lend more.",
            False,
        ),
        ("What does Volkswagen want from Oak?", "VW wants plums from Oak.", False),
        ("What does Germany want from Oak?", "Friedrich Merz wants plums from Oak.", False),
        ("How much does Netflix charge?", "Disney charges 8 dollars, and Netflix 9.", False),
    ],
)
def test_what_a_sentence_says_of_another(question: str, sentence: str, another: bool) -> None:
    found = verdict_of(question, sentence, "Dorvia, Skaldia and Oak met on Monday.")
    assert found.another is another
    if another:
        assert found.verdict is UNKNOWN
        assert re.fullmatch(
            r"In the report it is Skaldia that does the \w+, not Dorvia\.", found.reason
        )


def test_unknown_has_no_strength() -> None:
    found = verdict_of("How high is the tower?", "The tower is 90 metres high.", "")
    assert (found.verdict, found.strength) == (UNKNOWN, 0.0)
    assert found.reason


@pytest.mark.parametrize(
    ("question", "kind", "agent", "counterpart"),
    [
        ("What does France expect from Italy?", "demand", "France", "Italy"),
        ("what is france asking italy for", "demand", "france", "italy"),
        ("What was France promised by Italy?", "commit", "Italy", "France"),
        ("What did France get from Italy?", "transfer", "Italy", "France"),
        ("Who lent money to France?", "transfer", None, "France"),
        ("What do the dockers want?", "demand", "dockers", None),
        (
            "What does the Bank of England want from Barclays?",
            "demand",
            "Bank of England",
            "Barclays",
        ),
        (
            "Which request did France make of Italy that was turned down?",
            "demand",
            "France",
            "Italy",
        ),
        ("France's demands on Italy", "demand", "France", "Italy"),
        ("What is expected of Italy by France?", "demand", "France", "Italy"),
        ("According to France, what must Italy do?", "demand", "France", "Italy"),
        ("What did the ministry promise the displaced?", "commit", "ministry", "displaced"),
        # A noun that could be a verb, and what is to be done in a party's place.
        ("Which bank does France want readmitted to the network?", "demand", "France", None),
        ("Which bank wants a bail-out from France?", "demand", None, "France"),
        ("What does France want done by Italy?", "demand", "France", None),
    ],
)
def test_the_relation_of_a_question(
    question: str, kind: str, agent: str | None, counterpart: str | None
) -> None:
    found = relation_of(LANGUAGE.parse([question])[0])
    assert found is not None
    assert found.kind == kind
    names = [str(p) if p else None for p in (found.agent, found.counterpart)]
    cleaned = [n.removesuffix("'s").removesuffix("’s") if n else None for n in names]
    assert cleaned == [agent, counterpart]


@pytest.mark.parametrize(
    "text", ["", "   ", "?", "what", "who", "12 March", "of of of", "what does"]
)
def test_anything_may_be_asked(text: str) -> None:
    (question,) = LANGUAGE.parse([text])
    relation_of(question)
    relations_in(question)
    speaker(question)
    assert direction(question, question, Context()).verdict in Verdict


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Prices will rise, according to the Bank of Norland.", "the Bank of Norland"),
        ("“We will not go,” said Maria Kerr.", "Maria Kerr"),
        ("The minister told parliament that the fee would be paid.", "The minister"),
        ("Talks go on, Reuters reports.", "Reuters"),
        ("The tower is 90 metres high.", None),
    ],
)
def test_the_speaker_in_the_words_of_the_sentence(sentence: str, expected: str | None) -> None:
    (parsed,) = LANGUAGE.parse([sentence])
    found = speaker(parsed)
    assert (str(found) if found else None) == expected
    if found:
        assert sentence[found.start : found.end] == found.text


def _found(question: str, *sentences: str) -> Direction:
    """Of the last sentence, those before it being what stands before it in its report."""
    parsed = LANGUAGE.parse(list(sentences))
    context = Context(previous=tuple(parsed[:-1]), aliases=document_aliases(parsed))
    return direction(LANGUAGE.parse_question(question), parsed[-1], context)


def test_a_surname_of_several_words_is_its_owner_s() -> None:
    letter = "Trade Commissioner Willem van Haag has written to the American negotiator."
    found = _found("Who has Van Haag written to?", "The bill is an insult, Van Haag said.", letter)
    assert found.verdict is SAME
    # Of two of that name, neither is meant without a first name.
    alone, other = "The bill is an insult, Van Haag said.", "The banker Joost van Haag was silent."
    names = document_aliases(LANGUAGE.parse([alone, letter])).names
    assert names["van", "haag"] == "willem van haag"
    names = document_aliases(LANGUAGE.parse([alone, other, letter])).names
    assert names["van", "haag"] == "van haag"


def test_nobody_asks_of_himself() -> None:
    found = _found(
        "Why do Salta and Porvenir not want to pay for the butter?",
        "Salta and Porvenir opposed the plan to sell the butter.",
        "They argued they should not have to pay for it.",
    )
    assert found.verdict is UNKNOWN


@pytest.mark.parametrize("firm", ["Sevran Plc", "Sevran Inc", "Sevran Corp.", "Lemuel Bank"])
def test_a_firm_is_no_person_whatever_its_name(firm: str) -> None:
    (parsed,) = LANGUAGE.parse([f"{firm} said it completed the acquisition of Mordale Inc."])
    assert not document_aliases([parsed]).persons
    found = _found(
        f"Who acquired {firm}?", f"{firm} said it completed the acquisition of Dorn Inc."
    )
    assert found.verdict is REVERSED


def test_what_is_asked_is_not_in_the_clause_that_says_of_which() -> None:
    seized = "Iran had seized seven Kuwaiti boats, the agency said."
    assert _found("Who seized the Kuwaiti boats?", seized).verdict is SAME
    asked = LANGUAGE.parse_question("How many sailors were aboard the boats seized by Iran?")
    assert relation_of(asked) is None


@pytest.mark.parametrize(
    ("question", "verb"),
    [
        ("how much will the Edelman group reimburse Lucky Stores?", "reimburse"),
        ("what did the black-ruled states answer Botha?", "answer"),
    ],
)
def test_the_verb_of_a_question(question: str, verb: str) -> None:
    relation = relation_of(LANGUAGE.parse_question(question))
    assert relation is not None
    assert relation.predicate == verb


@pytest.mark.parametrize(
    ("question", "sentence", "verdict"),
    [
        # Two that both are somebody's are two.
        ("Who sued the British government?", "The British government sued the Scottish government.", REVERSED),
        ("Whom did the Polish government accuse?", "The German government accused the Polish government of lying.", REVERSED),
        # The noun that a verb carries is not its subject's where it is said whose it is.
        ("What did Delmara deliver to Air Corvina?", "Air Corvina postponed the delivery of six jets from Delmara.", SAME),
        ("What did China import from Brazil?", "China cancelled exports of soy from Brazil.", SAME),
        ("What did Norda buy from Ravel?", "Norda completed the sale of ships from Ravel.", SAME),
        ("What does Zarun owe the Paris Club?", "The Paris Club cancelled the debt of Zarun.", UNKNOWN),
        # A suit to wear, and one to follow.
        ("Whom did Armani sue?", "Giorgio wore an Armani suit at the wedding.", UNKNOWN),
        ("Why did Zelensky sue Trump?", "Zelensky's suit drew praise from Trump.", UNKNOWN),
        ("Who sued Norda?", "Ostland followed suit against Norda with tariffs of its own.", UNKNOWN),
        ("Who sued Norda?", "Ostland brought a suit against Norda in March.", SAME),
        # Who succeeds whom.
        ("Whom did Weil succeed?", "After succeeding Brandt in May, Ferrand named Anna Weil his deputy.", UNKNOWN),
        ("Whom did Ferrand succeed?", "Ferrand named Anna Weil deputy after succeeding Brandt in May.", SAME),
        # What is bought is mostly a thing.
        ("Who bought Arlen?", "Arlen built a mine in Peru, and Borvik bought it in May.", UNKNOWN),
        ("Who will buy Arlen?", "Arlen said it would be bought by Borvik.", SAME),
        # Who stands at the head of somebody speaks for him; who only belongs to him does not.
        ("What did Norda demand?", "The dictator of Norda demanded two ships from Ostland.", SAME),
        ("What did the European Parliament demand?", "A committee of the European Parliament demanded new rules.", SAME),
        ("Who co-owns Arlen?", "Norda co-owns Arlen with Borvik.", SAME),
        # Somebody else's strike.
        ("Who protested against Arlen?", "Arlen ended a 48-hour strike to protest against Norda.", UNKNOWN),
    ],
)  # fmt: skip
def test_of_one_sentence(question: str, sentence: str, verdict: Verdict) -> None:
    assert _found(question, sentence).verdict is verdict


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("When was Crimea annexed by Russia?", "Russia annexed Crimea in March 2014."),
        ("Why was the oil tanker seized by Iran?", "Iran seized the oil tanker after a collision."),
        ("When were the hostages released by Hamas?", "Hamas released the hostages on Sunday."),
        ("What were the unions asked by the government to do?", "The government asked the unions to wait."),
    ],
)  # fmt: skip
def test_passive_questions(question: str, sentence: str) -> None:
    assert _found(question, sentence).verdict is SAME


def test_anybody_may_speak_for_a_country() -> None:
    asked = "What did Kuwait ask Iran to do about the boats?"
    found = _found(asked, "Shaheen asked Tehran to free all fishing boats held by Iran.")
    assert (found.verdict, found.another) == (UNKNOWN, False)
    found = _found(asked, "Iraq asked Tehran to free all fishing boats held by Iran.")
    assert (found.verdict, found.another) == (UNKNOWN, True)


def test_pilots_of_an_airline_are_not_the_airline() -> None:
    strike = "Pilots of Air Corvina want higher pay from the state."
    assert _found("What do the pilots of Air Corvina want?", strike).verdict is SAME
    assert _found("What does Air Corvina want?", strike).verdict is UNKNOWN


def test_a_verdict_takes_far_less_than_a_millisecond() -> None:
    (sentence,) = LANGUAGE.parse(["In a statement, France said that it expects Italy to pay."])
    (question,) = LANGUAGE.parse(["What does Italy expect from France?"])
    context = Context(aliases=document_aliases([sentence]))
    direction(question, sentence, context)
    began = time.perf_counter()
    for _ in range(200):
        direction(question, sentence, context)
    assert (time.perf_counter() - began) / 200 < 0.001


# ---------------------------------------------------------------------------- the news set

NEWS = Path(__file__).parents[2] / "benchmarks" / "data" / "news"


def _sentences(text: str) -> list[str]:
    return [
        s
        for paragraph in re.split(r"\n+", text)
        for s in re.split(r"(?<=[.!?”\"])\s+(?=[\w“\"])", paragraph)
        if s.strip()
    ]


def test_on_the_news_set() -> None:
    """Gold is what answers, forbidden what has it the other way round; some of it is neither."""
    counts: Counter[tuple[str, Verdict]] = Counter()
    documents = {}
    for path in (NEWS / "docs").glob("*.txt"):
        sentences = _sentences(path.read_text(encoding="utf-8"))
        parses = LANGUAGE.parse(sentences)
        documents[path.name] = sentences, parses, document_aliases(parses)
    lines = (NEWS / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        if row["kind"] != "direction" and "direction_trap" not in row["tags"]:
            continue
        for side in ("gold", "forbidden"):
            for mark in row[side]:
                sentences, parses, aliases = documents[mark["doc"]]
                at = next(i for i, s in enumerate(sentences) if mark["quote"][:40] in s)
                names = {e.text for p in parses for e in p.entities}
                found = direction(
                    LANGUAGE.parse_question(row["question"], names),
                    LANGUAGE.parse([mark["quote"]])[0],
                    Context(sentences[0], tuple(parses[max(0, at - 3) : at]), aliases),
                )
                counts[side if row["kind"] == "direction" else "trap", found.verdict] += 1
    # Measured: 41 of 43 and 39 of 47. The two forbidden ones called the same are so: they are
    # forbidden as outdated, not as reversed.
    assert counts["gold", REVERSED] == 0
    assert counts["gold", SAME] >= 41
    assert counts["forbidden", REVERSED] >= 39
    assert counts["forbidden", SAME] <= 2
    assert counts["trap", REVERSED] >= 7
    assert counts["trap", SAME] == 0
