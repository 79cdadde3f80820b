"""Made-up people and businesses. First and last names are paired by chance; nobody here is a real person."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

from curbstop.simulator.chance import number, weighted

FIRST = """Aaron Abigail Adriana Aidan Alejandro Alicia Amara Amir Ana Andre Angela Anthony Ariel Ashlyn Austin
Beatriz Ben Bethany Blake Brandi Brennan Brianna Caleb Camila Carla Carlos Carmen Casey Cedric Chantel Charles Chloe
Clara Colton Connie Cora Dakota Dale Damaris Daniel Darnell Deborah Delia Denise Derek Diego Donna Doris Dwayne Edith
Eduardo Elena Eli Elise Emeka Emma Enrique Erin Esperanza Ethan Eunice Evan Faye Felix Fiona Floyd Frances Gabriel
Gail Gavin Geneva Glenn Grace Graciela Grant Greta Hailey Hank Harold Hassan Hazel Hector Helen Henry Hong Hugo Ida
Imani Irene Isaac Ivy Jada Jamal Janet Jared Jasmine Javier Jerome Jesús Jillian Joaquín Jodi Joel José Joy Juanita
Judith Julian Kai Kara Katrina Keith Kendra Kiara Kirk Kristen Lamar Lance Latoya Laura Leah Leland Leticia Lionel
Lola Loretta Lucía Luis Lyle Mabel Malik Marcus Margaret Maria Marisol Martha Mason Mateo Maya Melvin Mercedes Micah
Minh Miriam Monica Morgan Naomi Nathan Neha Nicole Noah Nora Olga Olive Omar Oscar Paige Patricia Paul Pearl Pedro
Phoebe Priya Quentin Quinn Ramona Raúl Reba Regina René Rhonda Rita Rocío Roland Rosa Roy Ruben Ruth Samantha Samuel
Sandra Sean Selena Shane Sheila Sierra Simon Sofía Stacy Stella Sylvia Tamara Tariq Tessa Thao Theo Tobias Tomás Tonya
Travis Trevor Trinh Ursula Valerie Vera Vicente Victor Vivian Wade Walter Wanda Wesley Whitney Willa Xavier Yesenia
Yusuf Yvette Zachary Zoe Zoë
""".split()

LAST = """Abbott Acosta Adair Aguilar Alcott Allred Alvarado Amaya Anders Archer Arnett Ashby Avila Ayers Bagley Ballard
Banks Barrera Barlow Bates Beaumont Becerra Bellamy Benítez Bishop Blevins Boone Bowden Braddock Brewer Briggs
Broussard Bui Burgess Burkhart Cáceres Caldwell Calloway Cantrell Carmichael Carrillo Castañeda Chambers Chandra
Childers Cho Christensen Clay Coleman Conley Cordova Cotton Crenshaw Cruz D'Amico D'Angelo Dalton Dang Daugherty
Dawson De_La_Cruz Delgado Denton Deshmukh Dillard Dobbs Dominguez Dorsey Doyle Duarte Duncan Duong Easley Echevarría
Edmonds Ellison Espinoza Estes Farris Faulkner Ferrell Fields Figueroa Finch Fischer Flores Fontenot Forrest Fraser
Fuentes Gaines Gallegos García-López Garrison Gentry Gibbs Gifford Goff Gonzáles Goodwin Grady Graves Greer Griggs
Guerra Gutiérrez Haddad Hale Hampton Hargrove Hatcher Hayes Heath Henley Herrera Hickman Hinojosa Hobbs Holloway
Horton Hoang Hutchins Ibarra Ingram Jacobs Jernigan Jimenez Kaminski Kaur Keller Kessler Khan Kincaid Kirkland Knox
Kowalski Lambert Landry Larkin Lawson Le Ledford Leyva Lindqvist Lockhart Lombardi Lovell Lucero Luna Lyons
MacAllister Madden Maldonado Marquez Marsh Mattox Maxwell McBride McClure McCoy McDaniel McKinney Meadows Medina Mejía
Mercer Merritt Meyer Middleton Moffett Molina Monroe Montoya Moon Morales Mosley Müller Muñoz Murillo Navarro Nash Ngo
Nguyen Nieves Noble Norwood Nuñez O'Brien O'Connell O'Dell O'Neal Oakley Ochoa Okafor Olsen Ortega Orozco Osborne
Ortiz Pacheco Padilla Palmer Park Parrish Patel Paxton Peña Penn Perkins Pham Pickett Pierce Pineda Pittman Platt
Porter Prather Proctor Pruitt Quintana Quiñones Ramsey Randolph Rankin Ratliff Redmond Reeves Renteria Reyes Rhodes
Riggs Ríos Rivas Roach Robles Rojas Romero Roth Rowe Rucker Saenz Salazar Salinas Sanderson Santos Sawyer Schaefer
Sellers Serrano Sexton Shah Shelton Shepherd Sierra Skinner Sloan Snow Solís Somers Soto Spence St._Clair Stafford
Stokes Stovall Strickland Suarez Sumner Sutton Swain Talbot Tate Terrell Thao Thornton Tillman Tran Trejo Trujillo
Tuttle Underwood Upton Valdez Vance Vásquez Vaughn Vega Velasco Vo Voss Wade Waller Walsh Warner Washburn Watkins Webb
Weiss Whitaker Whitfield Wiggins Wilder Wilkes Winslow Witt Wolfe Woodard Wyatt Yates Ybarra York Zamora Zapata Zhang
Zimmerman
""".split()

TRADES = {
    "restaurant": ["Grill", "Cafe", "Taqueria", "Pho House", "Smokehouse", "Diner", "Pizza", "Donuts"],
    "office": ["Insurance", "Law Office", "Realty", "Tax & Books", "Title Company", "Staffing"],
    "salon": ["Salon", "Barber Shop", "Nails & Spa", "Pet Grooming"],
    "retail": ["Hardware", "Thrift & Gift", "Auto Parts", "Florist", "Pawn & Trade", "Feed Store", "Sporting Goods"],
    "clinic": ["Dental", "Family Clinic", "Eye Care", "Veterinary", "Physical Therapy"],
    "laundry": ["Laundry", "Cleaners", "Coin-Op Wash"],
    "carwash": ["Car Wash", "Auto Spa"],
    "daycare": ["Learning Center", "Daycare", "Preschool"],
    "church": ["Church", "Fellowship", "Chapel"],
    "shop": ["Auto Repair", "Welding", "Cabinet Works", "Tire & Brake", "Sign Shop"],
    "apartments": ["Apartments", "Townhomes", "Senior Living"],
}
"""What a business does, and what it may be called after its place."""

_PLACE_WORDS = """Cottonwood Prairie Redbud Sooner Plains Bluestem Crosstimber Meadow Sandhill Windmill Scissortail
Heartland Cedar Canyon Frontier Homestead Mustang Longhorn Rosewood Pecan Sunset Maple Creek Lakeside Eastgate
Westwind Silver Golden Copper Iron Star Lone Oak Blue Heron Red Hawk Tall Grass Wild Plum
""".split()
_ODD_NAMES = [
    "Sunny Side 🍳 Diner",
    "A+ Plumbing & Drain, LLC",
    "Café Olé",
    "O'Malley's \"Best in Town\" Bakery",
    "Smith, Smythe & Smits, P.C.",
    "Zzyzx Storage #2",
]
"""Businesses as people really name them: signs, quotes, accents and one emoji, since the office must print them all."""


@dataclass(frozen=True, slots=True)
class Party:
    """A customer to be: a person or an organization."""

    name: str
    kind: str
    phone: str
    email: str
    language: str


def phone(seed: int, *subject: object) -> str:
    """A telephone number in a block that no carrier has assigned (exchange 555), E.164."""
    area = "405" if number(seed, "area", *subject, below=10) < 8 else "572"
    return f"+1{area}555{2000 + number(seed, 'phone', *subject, below=7999):04d}"


def person(seed: int, draw: random.Random, *subject: object) -> Party:
    """A person by chance; some have two first names, two last names or a suffix."""
    first = draw.choice(FIRST)
    last = draw.choice(LAST).replace("_", " ")
    form = weighted(draw, [("plain", 70), ("initial", 20), ("double", 4), ("junior", 4), ("couple", 2)])
    name = {
        "plain": f"{first} {last}",
        "initial": f"{first} {draw.choice('ABCDEFGHJKLMNPRSTW')} {last}",
        "double": f"{first} {last}-{draw.choice(LAST).replace('_', ' ').partition('-')[0]}",
        "junior": f"{first} {last} Jr",
        "couple": f"{first} & {draw.choice(FIRST)} {last}",
    }[form]
    spanish = any(letter in "áéíóúñ" for letter in name.lower()) or last.endswith(("ez", "ez-"))
    language = "es" if spanish and draw.random() < 0.3 else "en"
    mailbox = "".join(str(part) for part in subject if isinstance(part, int))  # two of one name have two addresses
    email = f"{_plain(first)}.{_plain(last)}{mailbox}@example.com" if draw.random() < 0.62 else ""
    reached = phone(seed, *subject) if draw.random() < 0.94 else ""
    return Party(name=name, kind="person", phone=reached, email=email, language=language)


def business(seed: int, draw: random.Random, trade: str, *subject: object) -> Party:
    """A business by chance: named after a person or the country around, or one of the names that break programs."""
    what = draw.choice(TRADES[trade])
    form = weighted(draw, [("place", 55), ("person", 30), ("llc", 12), ("odd", 3)])
    if form == "odd" and trade in ("restaurant", "shop", "retail", "office"):
        name = draw.choice(_ODD_NAMES)
    elif form == "person":
        last = draw.choice(LAST).replace("_", " ")
        name = f"{last}'s {what}" if not last.endswith("s") else f"{last}' {what}"
    else:
        first = draw.choice(_PLACE_WORDS)
        name = f"{first} {draw.choice([word for word in _PLACE_WORDS[12:] if word != first])} {what}"
        name += " LLC" if form == "llc" else ""
    email = f"office@{_plain(name)[:20]}{''.join(str(part) for part in subject if isinstance(part, int))}.example.com"
    return Party(name=name, kind="organization", phone=phone(seed, *subject), email=email, language="en")


def landlord(seed: int, draw: random.Random, street: str, *subject: object) -> Party:
    """Who owns rented houses: a person, or a company named after one of its streets."""
    if draw.random() < 0.45:
        return person(seed, draw, *subject)
    name = f"{street} {draw.choice(['Homes', 'Rentals', 'Properties', 'Holdings'])} LLC"
    email = f"leasing@{_plain(name)[:20]}.example.com"
    return Party(name=name, kind="organization", phone=phone(seed, *subject), email=email, language="en")


def _plain(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]", "", ascii_only.lower()) or "customer"
