"""Who asks for a mail's picture and links: browsers of people, and the machines before them."""

from __future__ import annotations

from dataclasses import dataclass

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Mobile Safari/537.36",
)
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C;"
    " .NET4.0E; Microsoft Outlook 16.0.17928; ms-office; MSOffice 16)"
)
GMAIL_PROXY = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
)
APPLE_PRIVACY = "Mozilla/5.0"
SEARCH_ENGINE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
MAIL_SCANNER = "BarracudaCentral/1.0 (+https://www.barracudacentral.org)"
LINK_CHECKER = BROWSERS[0]  # such machines call themselves browsers; their haste gives them away

# Addresses that are reserved for documentation (RFC 5737): they belong to nobody.
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the address as a proxy tells it, and the program."""

    address: str
    agent: str

    def headers(self) -> dict[str, str]:
        """The request's headers."""
        return {
            "X-Forwarded-For": self.address,
            "User-Agent": self.agent,
            "Accept-Language": "en-GB,en;q=0.8",
        }


def address_of(number: int) -> str:
    """A documentation address for a person or a machine."""
    network = NETWORKS[number % len(NETWORKS)]
    return f"{network}.{1 + number // len(NETWORKS) % 254}"
