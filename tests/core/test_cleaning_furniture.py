"""Furniture of flattened pages: every kind of line in many forms, and sentences that look like it and are body."""

from __future__ import annotations

import pytest

from tests.core.reading import BODY, article

FURNITURE = {
    "source_credit": [
        "Source: River News Agency", "(Source: River News Agency)", "Sources: RNA, Harbour Wire", "Via: RNA", "Via River News Agency", "via Harbour Wire", "– Reuters", "— TASS", "-- AFP",
        "River News Agency reports", "Originally published by The Daily Word", "This article was originally published on The Daily Word.", "This story first appeared in The Daily Word.",
        "Republished with permission from The Daily Word.", "First published in: The Daily Word", "Original article: https://example.org/a", "[Source: RNA]", "(Reuters)", "/TASS/", "[AP]", "(with AFP)",
    ],
    "byline": [
        "(Reporting by Ann Bee in Lowtown; editing by Cy Dee)", "Additional reporting by Ann Bee", "— With assistance by Ann Bee and Cy Dee", "Ann Bee contributed to this report.",
        "The Associated Press contributed to this report.", "Contributing: Ann Bee, The Daily Word", "Edited by Cy Dee", "Translated by Ann Bee", "• Ann Bee and Cy Dee contributed reporting to this story.",
    ],
    "comment_form": [
        "Leave a Reply", "Leave a Reply Cancel reply", "Leave a comment", "Add your comment", "Post Comment", "12 Comments", "No comments yet", "Comments (3)", "Comments: 14", "3 Responses to Ferry waits for the river",
        "Your email address will not be published. Required fields are marked *", "* indicates required field", "Notify me of new posts by email.", "You must be logged in to leave a comment.",
        "Log in or register to post comments", "Comments are closed.", "Be the first to comment!", "View all 12 comments", "Have your say", "Your comment is awaiting moderation.", "Reader comments",
        "Ann Bee says: May 3, 2024 at 10:15 am",
    ],
    "captcha": [
        "five × four =", "3 + 7 =", "nine − = two", "× 4 = twenty four", "+ 6 = 11", "3+4=", "3 + 4 = ?", "What is 2 + 3?", "What is two plus three?", "How much is 6 times 7?", "7 x 2 = *", "twenty-one minus four =",
        "[ ] + 3 = 10", "? + 3 = 10", "Captcha: 4 + 9 =", "Security question: 8 + 5", "Are you human? 4 + 4 =", "Please solve: 5 + 3 =", "Math captcha 3 + 2 =", "eighty  four ÷  = twelve", "forty two = six × ?",
        "Please enter an answer in digits:", "I’m not a robot", "I'm not a robot", "reCAPTCHA", "Captcha *", "Type the characters you see in the picture", "Prove you are human", "This site is protected by reCAPTCHA and the Google Privacy Policy apply.",
        "Please solve the following equation", "Time limit is exhausted. Please reload CAPTCHA.", "Human verification:", "What is the sum of 3 and 4?",
    ],
    "widget": [
        "Loading Facebook Comments ...", "Like Loading...", "Share this:", "Share on Facebook", "Share", "Click to share on Twitter (Opens in new window)", "ADVERTISEMENT", "Advertisement:", "- Advertisement -", "Ad", "Sponsored content",
        "Story continues below", "Story continues below advertisement", "Article continues after ad", "Continue reading the main story", "Continue reading »", "Follow us on Telegram", "Follow @thedailyword", "Follow Ann Bee on Twitter: @annbee",
        "Facebook Twitter WhatsApp Email", "Share Tweet Post Email", "Facebook | Twitter | Telegram", "Views: 1,204", "1,204 views", "312 shares", "6 years ago", "This article is more than 2 years old", "4 min read",
        "10:45 a.m. ET", "14:32 GMT", "Updated at 10:45 p.m.", "12:05", "* * *", "___", "• • •", "Subscribe to our newsletter", "Sign up for our daily newsletter", "Sign up here.", "Get the day's news delivered to your inbox.",
        "Want the river in your inbox every morning? Sign up here.", "Enter your email address", "Join our Telegram channel", "Slideshow (4 Images)", "Photo: Ann Bee / RNA", "Image credit: Ann Bee", "(Photo by Ann Bee)", "FILE PHOTO: The ferry at its pier, 3 May 2024. RNA/Ann Bee",
        "Getty Images", "Photo", "Play video", "Copy link", "Print this page", "Please enable JavaScript to view the comments.", "https://example.org/a/b", "Send tips to news@example.org", "The ferry at its pier. (Photo: Ann Bee, RNA)", "The ferry at its pier, May 2024. (Ann Bee/Reuters)",
    ],
    "navigation": [
        "Home > World > Europe", "Home / News / Rivers", "News » World » Rivers", "World > Europe > Rivers", "Related articles", "Related:", "Read more: Ferry sails again", "Read also: Ferry sails again", "READ ALSO: Mill opens", "See also: The mill", "Also read: Ferry sails again",
        "Read more", "Read More »", "(Watch: The river from the air)", "More from the river", "You may also like", "Recommended stories", "Don’t miss: The mill opens", "Most read", "« Previous post: The mill", "Next article →", "Tags: river, ferry",
        "Filed under: Rivers", "Category: News", "#river #ferry", "Topics: rivers; ferries", "Back to top", "Skip to content", "Page 1 of 3", "2 of 3", "1/3", "Next page", "Pages: 1 | 2 | 3", "Menu", "Log in | Register", "Click here to read the full report",
        "Full coverage: The flood", "ANALYSIS/OPINION:", "Breaking news:", "For more information, visit example.org",
    ],
    "disclaimer": [
        "© 2024 The Daily Word. All rights reserved.", "Copyright 2024 The Daily Word", "(c) 2024 The Daily Word", "All rights reserved.", "The views expressed in this article are the author's own.",
        "The opinions expressed here do not necessarily reflect those of The Daily Word.", "Opinions expressed by contributors are their own.", "This material may not be published, broadcast or redistributed.", "Reproduction without permission is prohibited.",
        "THIS MESSAGE (MATERIAL) WAS CREATED AND (OR) DISTRIBUTED BY A FOREIGN MASS MEDIA PERFORMING THE FUNCTIONS OF A FOREIGN AGENT", "This material was produced by a foreign agent.", "(designated a foreign agent by the Ministry of Justice)", "* An organization banned in Russia",
        "*Recognized as an extremist organization and banned in Russia", "Disclaimer: This is no advice.", "This site uses cookies. By continuing to browse you agree to our use of them.", "We use cookies to improve the site.", "By signing up you agree to our terms.",
        "Privacy policy", "Terms of use", "This story has not been edited by our staff and is auto-generated from a feed.", "When quoting the text, a hyperlink to the source is required.", "This story has been updated.", "(This version of the story corrects the name of the river)", "(Updates with comment from the board, paragraph 3)",
    ],
}

BODY_LINES = [
    # captcha
    "Two plus two is four, the child said.", "The score was 3 - 2 at the break.", "Final score: 3 - 2", "He is 5 to 1 favourite.", "What is 2 metres of water to a ferry?", "The robot is human, she said.", "The sum of 3 million was paid.", "E = mc2",
    # comments
    "Comments by the minister were short.", "Comment is free, he said.", "No comment, the spokesman said.", "Leave a reply with my secretary, the minister told them.", "His name", "The 12 comments were read aloud in court.", "Discussion of the bill is closed to the press today.",
    # widgets
    "Loading the barges took all night.", "Share prices fell.", "Share the burden, she told the ministers.", "Follow the money, he said.", "Subscribe to nothing, the priest told them.", "Sign up or stay at home, the general told the men.", "Sign up for the army, the poster said.",
    "Photo finish: the ferry won by a metre.", "Advertising on the river is banned.", "Ad revenue fell.", "The advertisement continues to run on state television.", "Twitter fell by a third.", "Print media are in decline, she said.", "Views on the river differ.",
    "Six years ago the river rose.", "At 10:45 the ferry sailed.", "He shared 300 photos of the flood.", "Photo exhibitions by Ann Bee open today.", "The newsletter of the ministry said: sign up early.", "Get the army out of the town, they cried.", "Continue to pray, the bishop said.", "Email is dead.",
    # navigation
    "Home is where the ferry stops, she said.", "More rain is expected.", "More on that tomorrow, he said.", "More about the mill was not known.", "More from the letter of the board:", "more about yourself", "Up next in the talks is water, he said.", "Related crimes have been charged.", "He read more than a hundred letters.", "Read more books, the minister told pupils.", "See also what the river does to the mill, he said.",
    "Watch the river, she said.", "Listen more and talk less, he said.", "Next week the ferry sails again.", "Next: nothing.", "Previous governments built the dam.", "Tags on the barges were green.", "Topics of the talks were trade and water.", "Page one of the treaty is blank.", "Menu prices rose.",
    "Latest figures show a rise.", "Popular unrest spread.", "Recommended doses were exceeded.", "Category five storms are rare.", "Back to work, the board said.", "Don’t miss the point, he said.", "You may like the river or not, she said.", "Opinion is divided.", "Breaking: the dam has failed.", "Log in the river blocked the ferry.",
    # disclaimers
    "Copyright law is to change next year.", "The views expressed by the minister surprised parliament.", "Opinions expressed in the debate were harsh.", "He said the group had been designated a foreign agent.", "The group was designated a foreign agent in 2019, the ministry said.",
    "Reproduction of the species is slow.", "This article of the treaty may be amended.", "This site uses water from the river.", "Privacy is a right, she said.", "“All rights reserved” stood on the gate.", "The party (banned in 1990) has returned, he said.", "(The party was outlawed in 1990. It came back.)",
    # credits and bylines
    "Sources say that the mill will open.", "Sources close to the ministry: no deal yet, but talks go on.", "Via the river they reached the sea.", "The agency reports to the minister.", "Reuters reports that the mill will open.", "She contributed to this report on rivers, which the board published.",
    "Edited copies of the letter were shown.", "Reporting by post is no longer allowed.", "This report was first read in parliament.", "The story was updated by each of its tellers.", "The river rose (by two metres, the board said).", "Have a word with the minister, they said.", "The ferry (built in 1990) sailed at noon.", "This article was amended by parliament in 1990 and again in 2004, the judge said.", "The story was first told in 1990, when the dam broke, by a woman who saw it.", "Courtesy of the river, the fields are green.",
]


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in FURNITURE.items() for line in lines])
def test_furniture_is_classed_in_the_middle_and_at_the_end(kind: str, line: str) -> None:
    first, second = BODY.split("\n\n")
    for raw in (f"{BODY}\n\n{line}", f"{first}\n\n{line}\n\n{second}", f"{first}\n{line}\n{second}"):
        found = article(raw)
        assert found.text == BODY
        (classed,) = [segment for segment in found.segments if segment.kind.value != "body"]
        assert (classed.kind.value, raw[classed.start:classed.end]) == (kind, line)


@pytest.mark.parametrize("line", BODY_LINES)
def test_a_sentence_is_never_taken_for_furniture(line: str) -> None:
    first, second = BODY.split("\n\n")
    for raw in (f"{BODY}\n\n{line}", f"{first}\n\n{line}\n\n{second}"):
        assert article(raw).text == raw


LISTS = [
    (["Related articles", "The mill opens again in the lower town", "Barges wait for sand and for the river"], ["navigation"] * 3),
    (["Share this:", "Facebook", "Twitter", "12"], ["widget"] * 4),
    (["Leave a Reply", "Name *", "Email *", "Website", "Post Comment"], ["comment_form"] * 5),
    (["Leave a Reply", "three + 4 =", "Submit"], ["comment_form", "captcha", "comment_form"]),
]


@pytest.mark.parametrize(("lines", "kinds"), LISTS)
def test_what_follows_a_heading_is_classed_with_it(lines: list[str], kinds: list[str]) -> None:
    found = article("\n\n".join([BODY, *lines]))
    assert found.text == BODY
    assert [segment.kind.value for segment in found.segments][1:] == kinds


def test_a_sentence_behind_a_heading_of_related_stories_is_body() -> None:
    raw = f"{BODY}\n\nRelated articles\n\nThe mill opens again in the lower town\n\nThe board will meet on Monday."
    assert article(raw).text == f"{BODY}\n\nThe board will meet on Monday."


def test_the_headline_of_the_producer_is_never_furniture() -> None:
    found = article(f"Watch: The river from the air\n\n{BODY}", headline="Watch: The river from the air")
    assert (found.headline, found.text) == ("Watch: The river from the air", BODY)


def test_blanks_of_any_kind_do_not_hide_furniture() -> None:
    for line in ("five\xa0× four\u2009=", "Leave\u3000a\tReply", "Read\xa0also:\xa0Mill opens", "\u200bShare this:\u200b", "Leave&nbsp;a Reply"):
        assert article(f"{BODY}\n\n{line}").text == BODY


TAILS = [
    ("(Reuters)", "source_credit"), ("(AP)", "source_credit"), ("(with AFP)", "source_credit"), ("(AFP/Reuters)", "source_credit"), ("/TASS/", "source_credit"), ("/TASS/.", "source_credit"), ("[ANI]", "source_credit"),
    ("– Reuters", "source_credit"), ("—AFP", "source_credit"), ("-- Bernama", "source_credit"), ("PTI", "source_credit"), ("PTI ABC DE", "source_credit"), ("Enditem", "source_credit"), ("Source: River News Agency", "source_credit"),
    ("(Source: RNA)", "source_credit"), ("(Reporting by Ann Bee in Lowtown; Editing by Cy Dee)", "byline"), ("(Additional reporting by Ann Bee)", "byline"),
]

NO_TAILS = [
    "He worked for the AP.", "She told Reuters.", "They met at the BBC (London).", "It was said on CNN", "“We go.” He told AFP so.", "The board (Reuters) met.", "Nobody knows the source: it may be the river.", "He left. The source: a spring.",
    "It rose. (By two metres.)", "They left - Reuters said so.", "She reports for the agency (AP).",
]


@pytest.mark.parametrize(("tail", "kind"), TAILS)
def test_what_the_last_paragraph_ends_with_is_classed(tail: str, kind: str) -> None:
    for between in (" ", "") if tail[0] in "([/–—" else (" ",):
        raw = f"{BODY}{between}{tail}\n\nShare this:"
        found = article(raw)
        assert found.text == BODY
        assert [segment.kind.value for segment in found.segments] == ["body", kind, "widget"]
        assert raw[found.segments[1].start:found.segments[1].end] == tail
        assert found.source_credit == (tail if kind == "source_credit" else None)


@pytest.mark.parametrize("sentence", NO_TAILS)
def test_a_sentence_that_names_an_agency_stays_whole(sentence: str) -> None:
    assert article(f"{BODY} {sentence}").text == f"{BODY} {sentence}"


def test_only_the_last_paragraph_has_a_tail() -> None:
    raw = f"{BODY} (AP)\n\n{BODY}"
    assert article(raw).text == raw


def test_a_byline_stands_anywhere_and_a_sentence_is_none() -> None:
    found = article(f"{BODY}\n\nBy Ann Bee and Cy Dee, Staff Writers\n\nThe ferry sailed.")
    assert (found.text, found.authors) == (f"{BODY}\n\nThe ferry sailed.", ("Ann Bee", "Cy Dee"))
    for line in ("By Lowtown Bridge, the river was calm.", "By Monday the river had fallen", "By the river"):
        assert article(f"{BODY}\n\n{line}").text == f"{BODY}\n\n{line}"


WRAPPED = [
    "The board said on Monday that it would no longer accept\ncomments\nby post, and that the river\nphoto: of May would be shown.", "He told them of his views, and they asked him to tell them\nmore about the mill\nand about the river.",
    "They asked who had paid for the dam and the board named its\nsources: two banks and the state\nof Lowtown.",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_a_line_of_a_wrapped_sentence_is_never_furniture(text: str) -> None:
    assert article(f"{BODY}\n\n{text}").text == f"{BODY}\n\n{text}"
